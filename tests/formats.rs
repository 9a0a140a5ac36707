//! Promise: `docs/formats.md` says what is on flash, byte for byte.

use kilograd::checkpoint::{LoadError, Loaded, Store};
use kilograd::persist::Record;
use kilograd_sim::flash::{Cell, FaultFlash};

type Example = Cell<4, 256>;

/// The bytes of the worked example, from its table: `offset  bytes  meaning`.
fn documented() -> Vec<u8> {
    let text = include_str!("../docs/formats.md");
    let (_, example) = text.split_once("## Worked example").unwrap();
    let table = example.split("```").nth(1).unwrap();
    let mut bytes = Vec::new();
    for line in table
        .lines()
        .filter(|line| !line.trim().is_empty() && *line != "text")
    {
        let mut columns = line
            .split("  ")
            .map(str::trim)
            .filter(|column| !column.is_empty());
        let offset: usize = columns.next().unwrap().parse().unwrap();
        assert_eq!(offset, bytes.len(), "{line}");
        let hex = columns.next().unwrap();
        bytes.extend(hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()));
    }
    bytes
}

#[test]
fn the_store_writes_the_documented_bytes() {
    let mut flash = FaultFlash::<Example>::new(512, 0);
    let mut record = Record::<u32, 8>::new(1, 300);
    let mut store = Store::<_, 64>::new(&mut flash, 0..512).unwrap();
    store.save(&record).unwrap();
    record.value = 0;
    store.load(&mut record).unwrap();
    let documented = documented();
    let (frame, rest) = flash.image().split_at(documented.len());
    assert_eq!(frame, documented, "{frame:02x?}");
    assert!(rest.iter().all(|byte| *byte == 0xff));
}

#[test]
fn the_store_reads_the_documented_bytes() {
    let mut image = documented();
    image.resize(512, 0xff);
    let mut record = Record::<u32, 8>::new(1, 0);
    let mut store = Store::<_, 64>::new(FaultFlash::<Example>::from_image(&image, 0), 0..512).unwrap();
    assert_eq!(
        store.load(&mut record),
        Ok(Loaded {
            sequence: 1,
            step: 0,
            damaged: 0
        })
    );
    assert_eq!(record.value, 300);
    let mut other = Record::<u32, 8>::new(2, 0);
    assert!(matches!(
        store.load(&mut other),
        Err(LoadError::Incompatible { .. })
    ));
}
