//! The story as a user runs it.

mod support;

use serde_json::Value;
use support::Folder;

const FILES: [&str; 6] = [
    "device.svg",
    "device.csv",
    "factory.svg",
    "factory.csv",
    "confusion.csv",
    "flash.bin",
];

#[test]
fn without_arguments_it_tells_the_story_and_leaves_its_files() {
    let folder = Folder::new();
    let ran = folder.run(&[]);
    let out = ran.done();
    for part in [
        "held-out",
        "POWER CUT",
        "goes on from step",
        "of 32768",
        "power cuts survived",
        "out/story",
    ] {
        assert!(out.contains(part), "no \"{part}\" in:\n{out}");
    }
    assert!(
        !out.contains('\u{1b}') && !ran.err.contains('\u{1b}'),
        "colours in a file"
    );
    for name in FILES {
        assert!(folder.path(&format!("out/story/{name}")).exists(), "no {name}");
        assert!(out.contains(name), "{name} is not named");
    }
}

#[test]
fn json_is_one_object_and_the_files_agree_with_it() {
    let folder = Folder::new();
    let ran = folder.run(&["story", "--json", "--seed", "3", "--seeds", "2", "--out", "here"]);
    let value: Value = serde_json::from_str(ran.done()).unwrap();
    let number = |key: &str| {
        value[key]
            .as_u64()
            .unwrap_or_else(|| panic!("no number {key} in {value}"))
    };
    assert_eq!((number("seed"), number("seeds")), (3, 2));
    assert!(number("ram_bytes") <= 32768);
    let parts = value["ram"].as_object().unwrap().values();
    assert_eq!(
        parts.map(|bytes| bytes.as_u64().unwrap()).sum::<u64>(),
        number("ram_bytes")
    );
    let read = |name: &str| std::fs::read(folder.path(&format!("here/{name}"))).unwrap();
    assert_eq!(read("flash.bin").len() as u64, number("flash_region_bytes"));
    let table = String::from_utf8(read("device.csv")).unwrap();
    assert_eq!(
        table.lines().count() as u64 - 1,
        number("steps") + number("steps_in_vain")
    );
    let last: f64 = table
        .lines()
        .last()
        .unwrap()
        .rsplit(',')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let after = value["accuracy_after"]["seed"].as_f64().unwrap();
    assert!(
        (last - after).abs() < 1e-6,
        "{last} in the table, {after} in the object"
    );
    // Right answers on the diagonal of the confusion matrix.
    let confusion = String::from_utf8(read("confusion.csv")).unwrap();
    let rows = confusion.lines().skip(1).enumerate();
    let right: u32 = rows
        .map(|(class, row)| row.split(',').nth(class + 1).unwrap().parse::<u32>().unwrap())
        .sum();
    assert!((f64::from(right) / number("held_out") as f64 - after).abs() < 1e-6);
    let svg = String::from_utf8(read("device.svg")).unwrap();
    assert!(svg.contains("cut 1") && svg.contains(&format!("cut {}", number("cuts_survived"))));
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = Folder::new();
    folder.write("taken", "a file");
    let ran = folder.run(&["story", "--seeds", "1", "--json", "--out", "taken"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(
        ran.err.contains("taken") && ran.err.contains("--out"),
        "{}",
        ran.err
    );
}
