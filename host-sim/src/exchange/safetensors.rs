//! The safetensors format: eight bytes of length, a header in JSON, the tensors (Hugging Face, safetensors, 2022).

use crate::complaint::Complaint;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The longest header that a reader takes, as in the original.
const LONGEST: u64 = 100_000_000;

/// A tensor of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Extents, outermost first; none for a scalar.
    pub shape: Vec<usize>,
    /// The elements as `f32`, innermost dimension contiguous.
    pub values: Vec<f32>,
}

/// The tensors of a file by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tensors {
    /// The tensors.
    pub tensors: BTreeMap<String, Tensor>,
    /// The file's own notes.
    pub notes: BTreeMap<String, String>,
}

/// An element's bytes as `f32`.
type Decode = fn(&[u8]) -> f32;

/// Bytes of an element of a type, and the element as `f32`. Integers are read too: PyTorch counts batches in one.
fn element(kind: &str) -> Option<(usize, Decode)> {
    fn low<const BYTES: usize>(bytes: &[u8]) -> [u8; BYTES] {
        *bytes.first_chunk().unwrap_or(&[0; BYTES])
    }
    Some(match kind {
        "F64" => (8, |bytes| f64::from_le_bytes(low(bytes)) as f32),
        "F32" => (4, |bytes| f32::from_le_bytes(low(bytes))),
        "F16" => (2, |bytes| half(u16::from_le_bytes(low(bytes)))),
        "BF16" => (2, |bytes| {
            f32::from_bits(u32::from(u16::from_le_bytes(low(bytes))) << 16)
        }),
        "I64" => (8, |bytes| i64::from_le_bytes(low(bytes)) as f32),
        "I32" => (4, |bytes| i32::from_le_bytes(low(bytes)) as f32),
        "U8" => (1, |bytes| f32::from(bytes[0])),
        _ => return None,
    })
}

/// An IEEE half as `f32`: exact.
fn half(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let (exponent, fraction) = (u32::from(bits >> 10 & 0x1f), u32::from(bits & 0x3ff));
    let magnitude = match exponent {
        // 2⁻²⁴ is the least one.
        0 => (fraction as f32 / 16_777_216.0).to_bits(),
        31 => 0x7f80_0000 | fraction << 13,
        _ => (exponent + 112) << 23 | fraction << 13,
    };
    f32::from_bits(sign | magnitude)
}

/// Reads a file.
///
/// # Errors
/// A [`Complaint`] that says what is wrong with it.
pub fn read(name: &str, bytes: &[u8]) -> Result<Tensors, Complaint> {
    let wrong = |what: String| {
        let help = "write it with `safetensors.torch.save_file(model.state_dict(), \"model.safetensors\")`";
        Complaint::new(format!("{name}: {what}"), help)
    };
    let (length, rest) = bytes
        .split_first_chunk()
        .ok_or_else(|| wrong(format!("{} bytes are no safetensors file", bytes.len())))?;
    let length = u64::from_le_bytes(*length);
    let whole = usize::try_from(length).ok().filter(|_| length <= LONGEST);
    let (header, data) = whole
        .and_then(|length| rest.split_at_checked(length))
        .ok_or_else(|| wrong("it does not begin as a safetensors file, or is cut short".into()))?;
    let header: Map<String, Value> = serde_json::from_slice(header)
        .map_err(|error| wrong(format!("its header is not JSON of an object: {error}")))?;
    let mut found = Tensors::default();
    let mut places = vec![];
    for (key, value) in &header {
        if key == "__metadata__" {
            let notes = value.as_object().into_iter().flatten();
            let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
            found.notes.extend(notes.filter_map(text));
            continue;
        }
        let wrong = |what: &str| wrong(format!("tensor \"{key}\": {what}"));
        let kind = value.get("dtype").and_then(Value::as_str).unwrap_or_default();
        let (size, decode) = element(kind).ok_or_else(|| {
            wrong(&format!(
                "elements of type \"{kind}\" are not read; F32, F64, F16 and BF16 are"
            ))
        })?;
        let integers = |name: &str| -> Option<Vec<usize>> {
            let list = value.get(name)?.as_array()?;
            list.iter()
                .map(|item| usize::try_from(item.as_u64()?).ok())
                .collect()
        };
        let shape = integers("shape").ok_or_else(|| wrong("it has no shape"))?;
        let (from, to) = match integers("data_offsets").as_deref() {
            Some(&[from, to]) if from <= to => (from, to),
            _ => return Err(wrong("it has no place in the file")),
        };
        let bytes = data
            .get(from..to)
            .ok_or_else(|| wrong("its bytes lie past the end: the file is cut short"))?;
        let elements = shape
            .iter()
            .try_fold(1_usize, |product, extent| product.checked_mul(*extent));
        let expected = elements.and_then(|elements| elements.checked_mul(size));
        if expected != Some(bytes.len()) {
            return Err(wrong(&format!(
                "{} bytes are not those of the shape {shape:?}",
                bytes.len()
            )));
        }
        let values = bytes.chunks_exact(size).map(decode).collect();
        places.push((from, to));
        found.tensors.insert(key.clone(), Tensor { shape, values });
    }
    // As the format demands: no byte is of two tensors or of none.
    places.sort_unstable();
    let end = places
        .iter()
        .try_fold(0, |end, (from, to)| (*from == end).then_some(*to));
    if end != Some(data.len()) {
        return Err(wrong("its tensors overlap, or leave bytes out".into()));
    }
    Ok(found)
}

/// Writes a file, all tensors as `F32`, in order of name.
pub fn write(found: &Tensors) -> Vec<u8> {
    let mut header = Map::new();
    if !found.notes.is_empty() {
        header.insert("__metadata__".into(), json!(found.notes));
    }
    let mut at = 0;
    for (name, tensor) in &found.tensors {
        let end = at + 4 * tensor.values.len();
        header.insert(
            name.clone(),
            json!({ "dtype": "F32", "shape": tensor.shape, "data_offsets": [at, end] }),
        );
        at = end;
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    // Tensors begin at a multiple of 8 bytes.
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    for tensor in found.tensors.values() {
        tensor
            .values
            .iter()
            .for_each(|value| file.extend(value.to_le_bytes()));
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Tensors {
        let tensor = |shape: &[usize]| Tensor {
            shape: shape.to_vec(),
            values: (0..shape.iter().product())
                .map(|x| x as f32 / 3.0 - 1.0)
                .collect(),
        };
        Tensors {
            tensors: [("0.weight", vec![3, 2]), ("0.bias", vec![3]), ("scalar", vec![])]
                .map(|(name, shape)| (name.to_owned(), tensor(&shape)))
                .into(),
            notes: [("format".to_owned(), "pt".to_owned())].into(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(read("a", &write(&example())), Ok(example()));
        assert_eq!(read("a", &write(&Tensors::default())), Ok(Tensors::default()));
    }

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header.as_bytes());
        file.extend(data);
        file
    }

    #[test]
    fn other_types_are_read() {
        let header = r#"{"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]},
            "b":{"dtype":"BF16","shape":[1],"data_offsets":[8,10]},"c":{"dtype":"F64","shape":[1],"data_offsets":[10,18]},
            "d":{"dtype":"I64","shape":[],"data_offsets":[18,26]}}"#;
        let mut data = vec![0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0x00, 0x7c, 0x80, 0x3f];
        data.extend(0.1_f64.to_le_bytes());
        data.extend(7_i64.to_le_bytes());
        let read = read("a", &file(header, &data)).unwrap();
        let values = |name: &str| read.tensors[name].values.clone();
        assert_eq!(values("a"), [1.0, -2.0, 5.960_464_5e-8, f32::INFINITY]);
        assert_eq!(
            (values("b"), values("c"), values("d")),
            (vec![1.0], vec![0.1], vec![7.0])
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let one = |entry: &str| file(&format!("{{\"x\":{entry}}}"), &[0; 8]);
        for (bytes, part) in [
            (vec![1, 2, 3], "3 bytes are no safetensors file"),
            (vec![0xff; 20], "does not begin as a safetensors file"),
            (file("[1]", &[]), "its header is not JSON of an object"),
            (
                one(r#"{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}"#),
                "elements of type \"F8_E4M3\"",
            ),
            (one(r#"{"dtype":"F32","data_offsets":[0,8]}"#), "it has no shape"),
            (
                one(r#"{"dtype":"F32","shape":[2],"data_offsets":[8,0]}"#),
                "it has no place",
            ),
            (
                one(r#"{"dtype":"F32","shape":[3],"data_offsets":[0,12]}"#),
                "past the end",
            ),
            (
                one(r#"{"dtype":"F32","shape":[3],"data_offsets":[0,8]}"#),
                "8 bytes are not those of the shape [3]",
            ),
            (
                one(r#"{"dtype":"F32","shape":[18446744073709551615,4],"data_offsets":[0,8]}"#),
                "not those of the shape",
            ),
            (
                one(r#"{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#),
                "leave bytes out",
            ),
        ] {
            let message = read("a", &bytes).unwrap_err().to_string();
            assert!(message.contains(part), "no \"{part}\" in {message}");
        }
    }
}
