//! Where the bytes go, and the proof that they are the right ones: each once, in order, all of them.
//!
//! A [`Delivery`] outlives connections. When a source is read again from its start, what was delivered before is
//! compared and not written twice. It knows nothing of where the bytes come from.

use crate::error::{Error, Kind, Part, Result};
use crate::sink::Sink;
use crate::text::Hex;
use cpu::{Fingerprint, Sha256};
use os::Errno;
use os::text;

/// What the manifest says of a file.
#[derive(Clone, Default)]
pub struct Expected {
    /// Its size in bytes.
    pub size: Option<u64>,
    /// Its SHA-256.
    pub sha256: Option<[u8; 32]>,
}

/// What identifies all bytes so far: SHA-256 if that is asked for in the end, else what costs next to nothing.
#[derive(Clone)]
enum Digest {
    Sha256(Sha256),
    Fingerprint(Fingerprint),
}

impl Digest {
    fn new(expected: &Expected) -> Self {
        if expected.sha256.is_some() {
            Digest::Sha256(Sha256::new())
        } else {
            Digest::Fingerprint(Fingerprint::new())
        }
    }

    fn update(&mut self, data: &[u8]) {
        match self {
            Digest::Sha256(hash) => hash.update(data),
            Digest::Fingerprint(hash) => hash.update(data),
        }
    }

    fn is_same(&self, other: &Digest) -> bool {
        match (self, other) {
            (Digest::Sha256(a), Digest::Sha256(b)) => a.clone().finish() == b.clone().finish(),
            (Digest::Fingerprint(a), Digest::Fingerprint(b)) => a.finish() == b.finish(),
            _ => false,
        }
    }
}

/// The part of a file that an earlier process delivered.
#[derive(Default)]
pub struct Delivered {
    bytes: u64,
    digest: Fingerprint,
}

impl Delivered {
    /// Takes in the next bytes of it.
    pub fn update(&mut self, data: &[u8]) {
        self.digest.update(data);
        self.bytes += data.len() as u64;
    }
}

/// The delivery of one file.
pub struct Delivery<'a> {
    sink: &'a mut dyn Sink,
    expected: Expected,
    delivered: u64,
    digest: Digest,
    /// While a source is read again: how much of it was delivered before and is still to come, and its digest so far.
    replay: Option<(u64, Digest)>,
    /// Where what is being delivered must end.
    end: Option<u64>,
}

impl<'a> Delivery<'a> {
    /// A delivery to `sink`.
    pub fn new(sink: &'a mut dyn Sink, expected: Expected) -> Self {
        let digest = Digest::new(&expected);
        Delivery {
            sink,
            expected,
            delivered: 0,
            digest,
            replay: None,
            end: None,
        }
    }

    /// How many bytes were delivered.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// The size that the file must have.
    pub fn expected_size(&self) -> Option<u64> {
        self.expected.size
    }

    /// Whether the file's hash will be checked in the end, so that it does not matter who sent which part.
    pub fn is_proven_by_hash(&self) -> bool {
        self.expected.sha256.is_some()
    }

    /// Whether the hash proves that what was delivered is all of it.
    pub fn is_proven(&self) -> bool {
        match (&self.expected.sha256, &self.digest) {
            (Some(expected), Digest::Sha256(hash)) if self.replay.is_none() => {
                hash.clone().finish() == *expected
            }
            _ => false,
        }
    }

    /// Takes `there`, the beginning of a file whose hash is not known, as delivered: an earlier process wrote it.
    pub fn resume(&mut self, there: Delivered) {
        self.digest = Digest::Fingerprint(there.digest);
        self.delivered = there.bytes;
    }

    /// Throws away what was delivered, if that can be done: the content has changed, and a file can be begun again.
    /// The result is whether something was thrown away.
    pub fn restart(&mut self) -> bool {
        let restarted = self.delivered > 0 && self.sink.restart();
        if restarted {
            self.delivered = 0;
            self.digest = Digest::new(&self.expected);
            self.replay = None;
        }
        restarted
    }

    /// Notes what the content is a version of, for a later process that goes on.
    ///
    /// # Errors
    /// [`Kind::Local`] if it can't be written.
    pub fn remember(&mut self, validator: Option<&str>) -> Result<()> {
        let result = self.sink.remember(validator.unwrap_or_default());
        result.map_err(|e| self.write_error(e))
    }

    /// The next bytes to [`deliver`](Self::deliver) are those after the delivered ones (`from_start` false), or the
    /// file from its start, whose beginning is compared with what was delivered.
    pub fn begin(&mut self, from_start: bool) {
        self.replay = (from_start && self.delivered > 0)
            .then(|| (self.delivered, Digest::new(&self.expected)));
    }

    /// What comes next must end where `end` bytes are delivered, if that is known.
    pub fn end_at(&mut self, end: Option<u64>) {
        self.end = end;
    }

    /// How many bytes are known to be still to come.
    pub fn missing(&self) -> u64 {
        self.end.map_or(0, |end| end.saturating_sub(self.delivered))
    }

    /// Whether what was delivered is still being compared: the last reading was not, or not yet, found to be the same.
    pub fn is_comparing(&self) -> bool {
        self.replay.is_some()
    }

    /// Refuses a source that says beforehand that the file has another size than it must have.
    ///
    /// # Errors
    /// [`Kind::Content`], naming both sizes.
    pub fn check_size(&self, size: u64) -> Result<()> {
        match self.expected.size {
            Some(expected) if expected != size => Err(wrong_size(expected, &size)),
            _ => Ok(()),
        }
    }

    /// Delivers the next bytes.
    ///
    /// # Errors
    /// [`Kind::Content`] if they are more than there should be, or differ from what was delivered; [`Kind::Local`] if they
    /// can't be written.
    pub fn deliver(&mut self, mut data: &[u8]) -> Result<()> {
        if let Some((left, digest)) = &mut self.replay {
            let (again, new) = data
                .split_at(usize::try_from(*left).map_or(data.len(), |left| left.min(data.len())));
            digest.update(again);
            *left -= again.len() as u64;
            if *left > 0 {
                return Ok(());
            }
            if !digest.is_same(&self.digest) {
                return Err(changed());
            }
            self.replay = None;
            data = new;
        }
        if let Some(size) = self.expected.size
            && data.len() as u64 > size - self.delivered
        {
            return Err(wrong_size(size, &"more"));
        }
        if self.end.is_some() && data.len() as u64 > self.missing() {
            return Err(changed());
        }
        if data.is_empty() {
            return Ok(());
        }
        self.digest.update(data);
        self.sink.write_all(data).map_err(|e| self.write_error(e))?;
        self.delivered += data.len() as u64;
        Ok(())
    }

    /// The source says that this was all: checks that it was, and makes it permanent.
    ///
    /// # Errors
    /// [`Kind::Content`] if the file is not what was expected; [`Kind::Local`] if it can't be completed.
    pub fn finish(&mut self) -> Result<()> {
        if self.replay.is_some() {
            return Err(changed());
        }
        self.check_size(self.delivered)?;
        if self.missing() > 0 {
            return Err(changed());
        }
        if let (Some(expected), Digest::Sha256(hash)) = (&self.expected.sha256, &self.digest) {
            let actual = hash.clone().finish();
            if actual != *expected {
                let text = text!("The content has the SHA-256 %, expected was %");
                return Err(Error::say(
                    Kind::Content,
                    text,
                    &[&Hex(&actual), &Hex(expected)],
                ));
            }
        }
        self.sink.complete().map_err(|e| self.write_error(e))
    }

    #[cold]
    fn write_error(&self, e: Errno) -> Error {
        let text = text!("Failed to write to %: %");
        Error::say(Kind::Local, text, &[&self.sink.name(), &e])
    }
}

#[cold]
fn wrong_size(expected: u64, actual: &dyn Part) -> Error {
    let text = text!("The content has % bytes, expected were %");
    Error::say(Kind::Content, text, &[actual, &expected])
}

/// The error of a source whose content is no longer that of which a part was delivered.
#[cold]
pub fn changed() -> Error {
    let text = text!("The content has changed since a part of it was delivered");
    Error::say(Kind::Content, text, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// Takes `room` bytes, then the disk is full.
    struct Disk {
        data: Vec<u8>,
        room: usize,
        complete: bool,
        can_restart: bool,
    }

    impl Disk {
        fn new(room: usize) -> Self {
            Disk {
                data: Vec::new(),
                room,
                complete: false,
                can_restart: false,
            }
        }
    }

    impl Sink for Disk {
        fn write_all(&mut self, data: &[u8]) -> core::result::Result<(), Errno> {
            if self.data.len() + data.len() > self.room {
                return Err(Errno(28));
            }
            self.data.extend_from_slice(data);
            Ok(())
        }
        fn name(&self) -> &str {
            "the disk"
        }
        fn complete(&mut self) -> core::result::Result<(), Errno> {
            self.complete = true;
            Ok(())
        }
        fn restart(&mut self) -> bool {
            self.data.clear();
            self.can_restart
        }
    }

    fn expected(data: &[u8]) -> Expected {
        let mut hash = Sha256::new();
        hash.update(data);
        Expected {
            size: Some(data.len() as u64),
            sha256: Some(hash.finish()),
        }
    }

    const DATA: &[u8] = b"The quick brown fox jumps over the lazy dog, and runs on.";

    #[test]
    fn all_at_once_and_byte_by_byte() {
        for expected in [Expected::default(), expected(DATA)] {
            for piece in [1, 7, DATA.len()] {
                let mut disk = Disk::new(99);
                let mut d = Delivery::new(&mut disk, expected.clone());
                d.begin(true);
                for piece in DATA.chunks(piece) {
                    d.deliver(piece).unwrap();
                }
                d.finish().unwrap();
                assert_eq!((&*disk.data, disk.complete), (DATA, true));
            }
        }
    }

    #[test]
    fn cut_anywhere_and_read_again() {
        for expected in [Expected::default(), expected(DATA)] {
            for cut in 0..=DATA.len() {
                for piece in [1, 5, 64] {
                    let mut disk = Disk::new(99);
                    let mut d = Delivery::new(&mut disk, expected.clone());
                    d.begin(true);
                    d.deliver(&DATA[..cut]).unwrap();
                    d.begin(true);
                    // The second reading is cut off too, before it gets as far as the first.
                    d.deliver(&DATA[..cut / 2]).unwrap();
                    d.begin(true);
                    for piece in DATA.chunks(piece) {
                        d.deliver(piece).unwrap();
                    }
                    d.finish().unwrap();
                    assert_eq!(disk.data, DATA);
                }
            }
        }
    }

    #[test]
    fn continued_after_the_delivered_part() {
        for from_start in [false, true] {
            let mut disk = Disk::new(99);
            let mut d = Delivery::new(&mut disk, Expected::default());
            let mut there = Delivered::default();
            there.update(&DATA[..3]);
            there.update(&DATA[3..10]);
            d.resume(there);
            d.begin(from_start);
            d.deliver(&DATA[if from_start { 0 } else { 10 }..]).unwrap();
            d.finish().unwrap();
            assert_eq!(disk.data, &DATA[10..]);
        }
    }

    #[test]
    fn a_changed_beginning_is_found_before_more_is_written() {
        for at in 0..20 {
            let mut other = DATA.to_vec();
            other[at] ^= 0x20;
            let mut disk = Disk::new(99);
            let mut d = Delivery::new(&mut disk, Expected::default());
            d.begin(true);
            d.deliver(&DATA[..20]).unwrap();
            d.begin(true);
            let error = d.deliver(&other).unwrap_err();
            assert_eq!(error.kind, Kind::Content);
            assert_eq!(disk.data, &DATA[..20]);
        }
    }

    #[test]
    fn a_shorter_second_reading_is_a_change() {
        let mut disk = Disk::new(99);
        let mut d = Delivery::new(&mut disk, Expected::default());
        d.begin(true);
        d.deliver(&DATA[..20]).unwrap();
        d.begin(true);
        d.deliver(&DATA[..10]).unwrap();
        assert_eq!(d.finish().unwrap_err().kind, Kind::Content);
        assert!(!disk.complete);
    }

    #[test]
    fn a_file_can_be_begun_again() {
        let mut disk = Disk::new(99);
        let mut d = Delivery::new(&mut disk, Expected::default());
        assert!(!d.restart(), "there is nothing to throw away");
        d.begin(true);
        d.deliver(b"an older version").unwrap();
        assert!(!d.restart());
        disk = Disk::new(99);
        disk.can_restart = true;
        let mut d = Delivery::new(&mut disk, expected(DATA));
        d.begin(true);
        d.deliver(b"an older version").unwrap();
        assert!(d.restart());
        d.begin(true);
        d.deliver(DATA).unwrap();
        d.finish().unwrap();
        assert_eq!(disk.data, DATA);
    }

    #[test]
    fn wrong_content() {
        let mut disk = Disk::new(99);
        let mut d = Delivery::new(&mut disk, expected(DATA));
        let text = d.check_size(56).unwrap_err().text.clone();
        assert_eq!(text, "The content has 56 bytes, expected were 57");
        d.begin(true);
        d.deliver(&DATA[1..]).unwrap();
        let error = d.deliver(b"..").unwrap_err();
        assert_eq!(
            (error.kind, &*error.text),
            (
                Kind::Content,
                "The content has more bytes, expected were 57"
            )
        );
        let error = d.finish().unwrap_err();
        assert_eq!(error.text, "The content has 56 bytes, expected were 57");
        d.deliver(b".").unwrap();
        let error = d.finish().unwrap_err();
        assert_eq!(error.kind, Kind::Content);
        assert!(
            error.text.starts_with("The content has the SHA-256 "),
            "{}",
            error.text
        );
        assert!(error.text.len() > 140 && !disk.complete);
    }

    #[test]
    fn a_full_disk() {
        let mut disk = Disk::new(10);
        let mut d = Delivery::new(&mut disk, Expected::default());
        d.begin(true);
        let error = d.deliver(DATA).unwrap_err();
        assert_eq!(error.kind, Kind::Local);
        let why = Errno(28).text();
        assert_eq!(error.text, ["Failed to write to the disk: ", &why].concat());
        assert_eq!(d.delivered(), 0);
    }
}
