//! A serde value as state of fixed size.

use super::{Fingerprint, Malformed, Persist, Restore};
use serde::{Serialize, de::DeserializeOwned};

/// Bytes in front of the value: its encoded length as a little-endian `u16`.
const HEAD: usize = 2;

/// A small value (cursor, counters, schedule, random state) as `BYTES` bytes of state.
///
/// On flash: the encoded length as `u16`, the value in postcard, zeros up to `BYTES`. The size is constant,
/// since postcard's integers are not: leave room for the largest value (10 bytes for a `u64`, 5 for a `u32`).
///
/// `schema` is mixed into the fingerprint. Change it whenever the type of the value changes, so that
/// an old checkpoint is refused and not misread.
#[derive(Debug, Clone)]
pub struct Record<T, const BYTES: usize> {
    /// The value.
    pub value: T,
    schema: u32,
    staged: [u8; BYTES],
}

impl<T, const BYTES: usize> Record<T, BYTES> {
    /// A record of `value`, whose type is version `schema`.
    pub const fn new(schema: u32, value: T) -> Self {
        const { assert!(BYTES >= HEAD && BYTES <= 1024, "a record has 2 to 1024 bytes") };
        Self {
            value,
            schema,
            staged: [0; BYTES],
        }
    }
}

impl<T: Serialize, const BYTES: usize> Record<T, BYTES> {
    /// The value in its bytes; `None` when there is too little room.
    fn encode(&self) -> Option<[u8; BYTES]> {
        let mut bytes = [0; BYTES];
        let (head, body) = bytes.split_first_chunk_mut::<HEAD>()?;
        let used = postcard::to_slice(&self.value, body).ok()?.len();
        *head = u16::try_from(used).ok()?.to_le_bytes();
        Some(bytes)
    }
}

impl<T: Serialize, const BYTES: usize> Persist for Record<T, BYTES> {
    fn size(&self) -> usize {
        BYTES
    }

    fn read(&self, offset: usize, out: &mut [u8]) {
        // A value without room is all ones: no length, so it never decodes.
        let bytes = self.encode().unwrap_or([0xff; BYTES]);
        out.fill(0);
        for (to, from) in out.iter_mut().zip(bytes.iter().skip(offset)) {
            *to = *from;
        }
    }

    fn describe(&self, digest: &mut Fingerprint) {
        *digest = digest.number(BYTES as u64).number(self.schema.into());
    }

    fn is_encodable(&self) -> bool {
        self.encode().is_some()
    }
}

impl<T: Serialize + DeserializeOwned, const BYTES: usize> Restore for Record<T, BYTES> {
    /// Bytes are staged; the value changes when the last one arrives, and only if they decode.
    fn write(&mut self, offset: usize, data: &[u8]) -> Result<(), Malformed> {
        for (to, from) in self.staged.iter_mut().skip(offset).zip(data) {
            *to = *from;
        }
        if offset.saturating_add(data.len()) < BYTES {
            return Ok(());
        }
        let (head, body) = self.staged.split_first_chunk::<HEAD>().ok_or(Malformed)?;
        let used = usize::from(u16::from_le_bytes(*head));
        let encoded = body.get(..used).ok_or(Malformed)?;
        let (value, rest) = postcard::take_from_bytes(encoded).map_err(|_| Malformed)?;
        if !rest.is_empty() {
            return Err(Malformed);
        }
        self.value = value;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Value = (u32, u64, bool);

    fn bytes(record: &Record<Value, 24>) -> [u8; 24] {
        let mut bytes = [0; 24];
        record.read(0, &mut bytes);
        bytes
    }

    #[test]
    fn a_value_survives_its_bytes_in_pieces_of_any_length() {
        let from = Record::<Value, 24>::new(1, (300, u64::MAX, true));
        let bytes = bytes(&from);
        for piece in 1..=24 {
            let mut to = Record::<Value, 24>::new(1, (0, 0, false));
            for (index, data) in bytes.chunks(piece).enumerate() {
                assert_eq!(to.value, (0, 0, false), "nothing changes before the last byte");
                let mut read = [0; 24];
                from.read(index * piece, &mut read[..data.len()]);
                assert_eq!(&read[..data.len()], data);
                to.write(index * piece, data).unwrap();
            }
            assert_eq!(to.value, from.value);
        }
    }

    #[test]
    fn bytes_past_the_end_are_zero() {
        let mut out = [7; 8];
        Record::<u8, 4>::new(0, 9).read(2, &mut out);
        assert_eq!(out, [9, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_value_without_room_is_said_before_it_is_saved() {
        let mut record = Record::<u64, 6>::new(0, 1);
        assert!(record.is_encodable());
        record.value = u64::MAX;
        assert!(!record.is_encodable());
    }

    #[test]
    fn bytes_that_do_not_decode_change_nothing() {
        let mut record = Record::<Value, 24>::new(1, (5, 6, true));
        for garbage in [[0xff; 24], [0; 24], [4; 24]] {
            assert_eq!(record.write(0, &garbage), Err(Malformed));
            assert_eq!(record.value, (5, 6, true));
        }
    }

    #[test]
    fn bytes_left_over_are_malformed() {
        let mut record = Record::<u8, 8>::new(0, 5);
        assert_eq!(record.write(0, &[2, 0, 7, 9, 0, 0, 0, 0]), Err(Malformed));
        assert_eq!(record.write(0, &[1, 0, 7, 9, 0, 0, 0, 0]), Ok(()));
        assert_eq!(record.value, 7);
    }

    #[test]
    fn the_schema_is_part_of_the_fingerprint() {
        let mark = |schema| {
            let mut digest = Fingerprint::new();
            Record::<u8, 4>::new(schema, 0).describe(&mut digest);
            digest
        };
        assert_ne!(mark(1), mark(2));
    }
}
