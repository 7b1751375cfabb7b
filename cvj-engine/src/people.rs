//! People and their touchpoints, in shards by person: threads enter touchpoints beside each other, and each shard's journeys can
//! be read on its own. Neither a person's key nor its hash leaves this module.

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::products::ProductCode;

/// Shards, a power of two: of millions of people, each fits a processor's cache.
const SHARDS: usize = 128;
const SHARD_BITS: u32 = SHARDS.trailing_zeros();

/// Touchpoints that wait for a shard, so that it is visited for many at once: finding people in memory that is cold costs more
/// than all else.
const WAITING: usize = 4096;

/// A person's number: the shard in the low bits, the place within it above.
pub(crate) type PersonId = u32;

/// What a person is known by: 128 bits of a keyed hash of the key. That two of a hundred million people have the same is less
/// likely than 10⁻²², and keys need not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fingerprint {
    hash: u64,
    check: u64,
}

impl Fingerprint {
    /// The shard, by bits that a shard's hash table makes no use of: it takes the lowest and the highest.
    fn shard(self) -> usize {
        (self.hash >> 40) as usize % SHARDS
    }
}

/// The key of a person as written: trimmed, lower case; `None` where it is empty.
pub(crate) fn person_key(written: &str) -> Option<Cow<'_, str>> {
    let key = written.trim();
    if key.is_empty() {
        return None;
    }
    // Without a way out of the loop, many bytes are looked at at once.
    let plain = key.bytes().fold(true, |plain, byte| plain & byte.is_ascii() & !byte.is_ascii_uppercase());
    Some(if plain { Cow::Borrowed(key) } else { Cow::Owned(key.to_lowercase()) })
}

/// A touchpoint without its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Touch {
    /// Microseconds since 1970-01-01T00:00Z.
    pub(crate) at: i64,
    pub(crate) product: ProductCode,
    pub(crate) stage: u8,
}

/// All people of a client with their touchpoints.
#[derive(Debug)]
pub(crate) struct People {
    hashers: [DefaultHashBuilder; 2],
    shards: Vec<Mutex<Shard>>,
}

/// The people of one shard with their touchpoints, 15 bytes each.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    /// Places of persons.
    places: HashTable<(Fingerprint, u32)>,
    persons: u32,
    person: Vec<u32>,
    at: Vec<i64>,
    product: Vec<ProductCode>,
    stage: Vec<u8>,
}

/// One thread's touchpoints that wait to be entered, by shard.
pub(crate) struct Arrivals<'a> {
    people: &'a People,
    waiting: Vec<Vec<(Fingerprint, Touch)>>,
}

impl<'a> Arrivals<'a> {
    pub(crate) fn new(people: &'a People) -> Self {
        Self { people, waiting: vec![Vec::new(); SHARDS] }
    }

    /// Adds a touchpoint of the person with this key.
    pub(crate) fn push(&mut self, key: &str, touch: Touch) {
        let fingerprint = self.people.fingerprint(key);
        let number = fingerprint.shard();
        let waiting = &mut self.waiting[number];
        waiting.push((fingerprint, touch));
        if waiting.len() >= WAITING {
            self.people.lock(number).enter(waiting.drain(..));
        }
    }

    /// Enters all that still wait.
    pub(crate) fn finish(&mut self) {
        for (number, waiting) in self.waiting.iter_mut().enumerate() {
            self.people.lock(number).enter(waiting.drain(..));
        }
    }
}

impl Default for People {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { hashers: [DefaultHashBuilder::default(), DefaultHashBuilder::default()], shards }
    }
}

impl People {
    /// The number of the person with this key.
    pub(crate) fn intern(&self, key: &str) -> PersonId {
        let fingerprint = self.fingerprint(key);
        let shard = fingerprint.shard();
        (self.lock(shard).intern(fingerprint) << SHARD_BITS) | shard as u32
    }

    /// Enters a touchpoint of a person known by number.
    pub(crate) fn enter(&self, person: PersonId, touch: Touch) {
        self.lock(person as usize % SHARDS).push(person >> SHARD_BITS, touch);
    }

    /// The shards; who the people are is forgotten.
    pub(crate) fn into_shards(self) -> Vec<Shard> {
        let forgotten = |shard: Mutex<Shard>| {
            let shard = shard.into_inner().unwrap_or_else(PoisonError::into_inner);
            Shard { places: HashTable::new(), ..shard }
        };
        self.shards.into_iter().map(forgotten).collect()
    }

    fn fingerprint(&self, key: &str) -> Fingerprint {
        let [hash, check] = &self.hashers;
        Fingerprint { hash: hash.hash_one(key), check: check.hash_one(key) }
    }

    fn lock(&self, shard: usize) -> MutexGuard<'_, Shard> {
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    fn intern(&mut self, fingerprint: Fingerprint) -> u32 {
        let known = self.places.entry(fingerprint.hash, |(known, _)| *known == fingerprint, |(known, _)| known.hash);
        let (_, place) = *known.or_insert((fingerprint, self.persons)).get();
        self.persons = self.persons.max(place + 1);
        place
    }

    fn enter(&mut self, arrivals: impl Iterator<Item = (Fingerprint, Touch)>) {
        for (fingerprint, touch) in arrivals {
            let person = self.intern(fingerprint);
            self.push(person, touch);
        }
    }

    fn push(&mut self, person: u32, touch: Touch) {
        self.person.push(person);
        self.at.push(touch.at);
        self.product.push(touch.product);
        self.stage.push(touch.stage);
    }

    /// All touchpoints, in no order.
    pub(crate) fn touches(&self) -> impl Iterator<Item = Touch> {
        let places = self.at.iter().zip(&self.product).zip(&self.stage);
        places.map(|((at, product), stage)| Touch { at: *at, product: *product, stage: *stage })
    }

    /// Hands on each person's touchpoints before `as_of`, in time order, lower stage first at equal times.
    pub(crate) fn each_person(&self, as_of: i64, mut each: impl FnMut(&mut [Touch])) {
        let mut starts = vec![0_u32; self.persons as usize + 1];
        let counted = || self.person.iter().zip(self.touches()).filter(|(_, touch)| touch.at < as_of);
        for (person, _) in counted() {
            starts[*person as usize + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut grouped = vec![Touch { at: 0, product: 0, stage: 0 }; sum as usize];
        let mut next = starts.clone();
        for (person, touch) in counted() {
            let place = &mut next[*person as usize];
            grouped[*place as usize] = touch;
            *place += 1;
        }
        for range in starts.windows(2).filter(|range| range[0] < range[1]) {
            let person = &mut grouped[range[0] as usize..range[1] as usize];
            person.sort_unstable_by_key(|touch| (touch.at, touch.stage, touch.product));
            each(person);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_compared_trimmed_and_in_lower_case() {
        let people = People::default();
        let intern = |written: &str| person_key(written).map(|key| people.intern(&key));
        assert_eq!(intern(" Ada@Example.com "), intern("ada@example.com"));
        assert_eq!(intern("ÉMILE"), intern("émile"));
        assert_ne!(intern("ada"), intern("bob"));
        assert_eq!(intern(" \t"), None);
    }

    #[test]
    fn every_person_comes_once_with_all_touchpoints_in_order() {
        let people = People::default();
        let mut arrivals = Arrivals::new(&people);
        let touch = |at| Touch { at, product: 0, stage: (at % 3) as u8 };
        for number in 0..1000_i64 {
            let key = format!("person {}", number % 100);
            if number % 2 == 0 {
                people.enter(people.intern(&key), touch(1000 - number));
            } else {
                arrivals.push(&key, touch(1000 - number));
            }
        }
        arrivals.finish();
        let mut persons = 0;
        for shard in people.into_shards() {
            shard.each_person(i64::MAX, |touches| {
                persons += 1;
                assert_eq!(touches.len(), 10);
                assert!(touches.is_sorted_by_key(|touch| (touch.at, touch.stage)));
            });
        }
        assert_eq!(persons, 100);
    }
}
