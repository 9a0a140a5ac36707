use super::*;
use crate::complaint::Source;

fn run(data: &str) -> RunFile {
    let text = format!(
        "[model]\ninput = 2\nlayers = [{{ kind = \"dense\", units = 2 }}]\nloss = \"cross_entropy\"\n\
         [optimizer]\nkind = \"adam\"\n[data]\ncsv = \"a.csv\"\n{data}\n"
    );
    RunFile::parse(Source {
        name: "run.toml".into(),
        text,
    })
    .unwrap()
}

/// Reads `text` as the file of a run with these `[data]` keys.
fn with(data: &str, text: &str) -> Result<Dataset, Complaint> {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("kilograd-{}-{number}.csv", std::process::id()));
    std::fs::write(&path, text).unwrap();
    let run = run(data);
    let crate::run::Origin::Csv {
        path: name,
        label,
        features,
        group,
    } = &run.data.origin
    else {
        panic!()
    };
    let columns = Columns {
        label: label.as_ref(),
        features: features.as_deref(),
        group: group.as_ref(),
        wanted: true,
    };
    let read = read(&run, name, &path, &columns);
    std::fs::remove_file(&path).unwrap();
    read
}

#[track_caller]
fn refused(data: &str, text: &str, parts: &[&str]) {
    let message = with(data, text).expect_err("accepted").to_string();
    for part in parts {
        assert!(message.contains(part), "no \"{part}\" in:\n{message}");
    }
}

const LABEL: &str = "label = \"l\"";

#[test]
fn columns_are_taken_by_name() {
    let data = with(LABEL, "x,l,y\n1,b, 2.5\n-3e1,a,4\n").unwrap();
    assert_eq!(data.features, [1.0, 2.5, -30.0, 4.0]);
    assert_eq!(
        (data.classes.as_slice(), data.labels.as_slice()),
        (&["a".to_owned(), "b".into()][..], &[1, 0][..])
    );
    let data = with(
        "label = \"l\"\nfeatures = [\"y\"]",
        "x,l,y\nwords,b,2\nmore,a,4\n",
    )
    .unwrap();
    assert_eq!(data.features, [2.0, 4.0]);
}

#[test]
fn classes_that_are_numbers_are_ordered_as_numbers() {
    let data = with(LABEL, "x,l\n0,10\n0,9\n0,-1\n").unwrap();
    assert_eq!(
        (data.classes.join(" ").as_str(), data.labels.as_slice()),
        ("-1 9 10", &[2, 1, 0][..])
    );
}

#[test]
fn semicolons_tabs_and_marks_of_spreadsheets_are_read() {
    assert_eq!(
        with(LABEL, "\u{feff}x;l\r\n1;a\r\n2;b\r\n").unwrap().features,
        [1.0, 2.0]
    );
    assert_eq!(with(LABEL, "x\tl\n1\ta\n2\tb\n").unwrap().features, [1.0, 2.0]);
}

#[test]
fn windows_stay_within_a_class() {
    let text = "x,l\n0,a\n1,a\n2,a\n3,b\n4,b\n5,b\n6,b\n7,a\n";
    let data = with("label = \"l\"\nwindow = 2\nhop = 1", text).unwrap();
    assert_eq!(data.features, [0., 1., 1., 2., 3., 4., 4., 5., 5., 6.]);
    assert_eq!(data.labels, [0, 0, 1, 1, 1]);
    // Windows that overlap belong together.
    assert_eq!(data.recordings, [0, 0, 1, 1, 1]);
    let data = with("label = \"l\"\nwindow = 2", text).unwrap();
    assert_eq!(
        (data.features.as_slice(), data.recordings.as_slice()),
        (&[0., 1., 3., 4., 5., 6.][..], &[0, 1, 2][..])
    );
    let grouped = "x,l,g\n0,a,p\n1,a,p\n2,a,q\n3,a,q\n4,b,p\n5,b,p\n";
    let data = with("label = \"l\"\ngroup = \"g\"\nwindow = 2", grouped).unwrap();
    assert_eq!(data.recordings, [0, 1, 0]);
}

#[test]
fn what_is_wrong_is_named_by_line_and_column() {
    refused(
        "label = \"lable\"",
        "x,l\n1,a\n",
        &["no column `lable`", "run.toml:9:9", "`x`, `l`"],
    );
    refused("label = \"labe\"", "x,label\n1,a\n", &["did you mean `label`?"]);
    refused(
        "label = \"l\"\nfeatures = [\"x\", \"l\"]",
        "x,l\n1,a\n",
        &["both feature and label"],
    );
    refused(
        LABEL,
        "x,l\n1,a\nNaN,b\n",
        &["line 3, column `x`", "NaN", "remove the line"],
    );
    refused(LABEL, "x,l\n1,a\ninf,b\n", &["line 3, column `x`", "infinite"]);
    refused(LABEL, "x,l\n1,a\n1e39,b\n", &["line 3, column `x`", "infinite"]);
    refused(LABEL, "x,l\n1,a\n,b\n", &["line 3, column `x`", "empty"]);
    refused(
        LABEL,
        "x,l\n1,a\ntwo,b\n",
        &["line 3, column `x`", "`two` is not a number", "features"],
    );
    refused(
        LABEL,
        "x;l\n1;a\n0,5;b\n",
        &["line 3, column `x`", "0.5, not 0,5"],
    );
    refused(LABEL, "x,l\n1,a\n2,\n", &["line 3, column `l`", "empty"]);
    refused(
        LABEL,
        "x,l\n1,a\n2,b,c\n",
        &["line 3", "3 cells where the header has 2"],
    );
    refused(LABEL, "x,l\n", &["no data"]);
    refused(LABEL, "", &["the file is empty"]);
    refused(LABEL, "l\na\nb\n", &["no column is left"]);
    refused(LABEL, "x,x,l\n1,2,a\n", &["two columns are named `x`"]);
    refused(LABEL, "1,2\n3,4\n", &["header holds numbers"]);
    refused(LABEL, "x,l\n1,a\n2,a\n", &["same class", "run.toml:9"]);
    refused(
        "label = \"l\"\nwindow = 4",
        "x,l\n0,a\n0,a\n0,a\n0,b\n",
        &["run.toml:10:10", "longest has 3 frames"],
    );
}
