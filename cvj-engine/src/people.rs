//! People and their touchpoints, in shards by person: threads enter touchpoints beside each other, and each shard's journeys can
//! be read on its own. Neither a person's key nor its hash leaves this module.

mod key;
mod packed;

use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use crate::products::ProductCode;
use crate::segments::SegmentCode;

pub(crate) use key::{are_plain_keys, holds_address, person_key};
use packed::{Entry, Packed};

/// Shards, a power of two: of millions of people, each fits a processor's cache.
const SHARDS: usize = 128;
const SHARD_BITS: u32 = SHARDS.trailing_zeros();

/// Touchpoints of one thread that wait for a shard's log, so that many are added at once. Those for all shards fit a processor's
/// cache.
const WAITING: usize = 16;

/// Touchpoints of a shard, or of a thread for it, whose people are not yet looked up: finding people in memory that is cold costs
/// more than all else, so that it is done for as many at once as memory allows, 8 bytes each.
const UNSETTLED: usize = 1 << 17;

/// Touchpoints of a shard's smallest and largest block; each is as large as all before it together.
const BLOCK: Range<usize> = 64..4096;

/// A person's number: the shard in the low bits, the place within it above.
pub(crate) type PersonId = u32;

/// What a person is known by: 96 bits of a keyed hash of the key. That two of a hundred million people have the same is less
/// likely than 10⁻¹², and keys need not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fingerprint {
    hash: u64,
    check: u32,
}

/// The shard of a person, by bits that a shard's hash table makes no use of: it takes the lowest and the highest.
fn shard_of(hash: u64) -> usize {
    (hash >> 40) as usize % SHARDS
}

/// A touchpoint without its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Touch {
    /// Microseconds since 1970-01-01T00:00Z.
    pub(crate) at: i64,
    pub(crate) product: ProductCode,
    pub(crate) segment: SegmentCode,
    pub(crate) stage: u8,
    /// Money in millionths of the client's currency; 0: none.
    pub(crate) amount: i64,
}

/// Someone with touchpoints.
pub(crate) struct Person<'a> {
    pub(crate) id: PersonId,
    /// In time order, lower stage first at equal times; never empty.
    pub(crate) touches: &'a mut [Touch],
    /// At most one of each source, in order of sources.
    pub(crate) current: &'a [Current],
}

/// The furthest stage that a source says a person is at now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Current {
    /// Its place among the sources of segments.
    pub(crate) source: usize,
    pub(crate) stage: u8,
}

/// Someone who brought someone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Referral {
    pub(crate) referrer: PersonId,
    pub(crate) referred: PersonId,
    pub(crate) product: ProductCode,
    /// Microseconds since 1970-01-01T00:00Z.
    pub(crate) at: i64,
}

/// Touchpoints that lie where they are until they are read: in one vector for all they would be moved again and again as it grows.
#[derive(Debug)]
struct Block {
    entries: Vec<Entry>,
    /// The hashes of what the people of the last touchpoints are known by, who are not yet looked up.
    unsettled: Vec<u64>,
}

/// All people of a client with their touchpoints.
#[derive(Debug)]
pub(crate) struct People {
    hashers: [DefaultHashBuilder; 2],
    shards: Vec<Mutex<Shard>>,
    referrals: Mutex<Vec<Referral>>,
}

/// The people of one shard with their touchpoints.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    number: u32,
    /// Places of persons.
    places: HashTable<(Fingerprint, u32)>,
    persons: u32,
    log: Log,
    /// The furthest stage by person and source.
    current: HashMap<(u32, usize), u8>,
}

/// Touchpoints of one shard as they came, 16 bytes each and 12 more where there is money.
#[derive(Debug, Default)]
struct Log {
    blocks: Vec<Block>,
    /// Touchpoints in the blocks, and those whose people are not yet looked up.
    touchpoints: u32,
    unsettled: usize,
    /// The touchpoints with an amount, in order, and the amounts.
    paid: Vec<u32>,
    amount: Vec<i64>,
}

/// One thread's touchpoints, by shard: a log of its own for each, and those that wait for it.
pub(crate) struct Arrivals<'a> {
    people: &'a People,
    waiting: Vec<Vec<Arrival>>,
    logs: Vec<Log>,
}

/// A touchpoint whose person is not yet looked up, with the hash of what the person is known by.
struct Arrival {
    hash: u64,
    entry: Entry,
    amount: i64,
}

impl<'a> Arrivals<'a> {
    pub(crate) fn new(people: &'a People) -> Self {
        Self {
            people,
            waiting: (0..SHARDS).map(|_| Vec::with_capacity(WAITING)).collect(),
            logs: (0..SHARDS).map(|_| Log::default()).collect(),
        }
    }

    /// Adds a touchpoint of the person with this key.
    pub(crate) fn push(&mut self, key: &str, touch: Touch) {
        let Fingerprint { hash, check } = self.people.fingerprint(key);
        let number = shard_of(hash);
        let waiting = &mut self.waiting[number];
        waiting.push(Arrival { hash, entry: Entry::new(check, touch), amount: touch.amount });
        if waiting.len() >= WAITING {
            let log = &mut self.logs[number];
            log.extend(waiting);
            if log.unsettled >= UNSETTLED {
                self.people.lock(number).enter(std::mem::take(log));
            }
        }
    }

    /// Enters all of them.
    pub(crate) fn finish(&mut self) {
        for (number, (log, waiting)) in self.logs.iter_mut().zip(&mut self.waiting).enumerate() {
            log.extend(waiting);
            self.people.lock(number).enter(std::mem::take(log));
        }
    }
}

impl Default for People {
    fn default() -> Self {
        let shards = (0..SHARDS as u32).map(|number| Mutex::new(Shard { number, ..Shard::default() })).collect();
        Self { hashers: [DefaultHashBuilder::default(), DefaultHashBuilder::default()], shards, referrals: Mutex::default() }
    }
}

impl People {
    /// The number of the person with this key.
    pub(crate) fn intern(&self, key: &str) -> PersonId {
        let fingerprint = self.fingerprint(key);
        let mut shard = self.lock(shard_of(fingerprint.hash));
        let place = shard.intern(fingerprint);
        shard.id(place)
    }

    /// Enters a touchpoint of a person known by number.
    pub(crate) fn enter(&self, person: PersonId, touch: Touch) {
        self.lock(person as usize % SHARDS).push(person >> SHARD_BITS, touch);
    }

    /// Notes that a source says a person is at a stage now.
    pub(crate) fn set_current(&self, key: &str, current: Current) {
        let fingerprint = self.fingerprint(key);
        let mut shard = self.lock(shard_of(fingerprint.hash));
        let place = shard.intern(fingerprint);
        let furthest = shard.current.entry((place, current.source)).or_default();
        *furthest = current.stage.max(*furthest);
    }

    /// Notes that the person with one key brought the one with another, who need not have touchpoints.
    pub(crate) fn refer(&self, referrer: &str, referred: &str, product: ProductCode, at: i64) {
        let referral = Referral { referrer: self.intern(referrer), referred: self.intern(referred), product, at };
        self.referrals.lock().unwrap_or_else(PoisonError::into_inner).push(referral);
    }

    /// Takes all referrals, in no order.
    pub(crate) fn referrals(&mut self) -> Vec<Referral> {
        std::mem::take(self.referrals.get_mut().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the segments that were numbered as they came by these.
    pub(crate) fn renumber_segments(&mut self, numbers: &[SegmentCode]) {
        // Numbers that are in order are the ones given.
        if numbers.is_sorted() {
            return;
        }
        for shard in &mut self.shards {
            let shard = shard.get_mut().unwrap_or_else(PoisonError::into_inner);
            for entry in shard.log.blocks.iter_mut().flat_map(|block| &mut block.entries) {
                entry.segment = numbers[usize::from(entry.segment)];
            }
        }
    }

    /// The shards; who the people are is forgotten.
    pub(crate) fn into_shards(self) -> Vec<Shard> {
        let shards = self.shards.into_iter();
        let mut shards: Vec<Shard> = shards.map(|shard| shard.into_inner().unwrap_or_else(PoisonError::into_inner)).collect();
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        std::thread::scope(|scope| {
            for part in shards.chunks_mut(SHARDS.div_ceil(threads)) {
                scope.spawn(move || {
                    for shard in part {
                        shard.settle();
                        shard.places = HashTable::new();
                    }
                });
            }
        });
        shards
    }

    fn fingerprint(&self, key: &str) -> Fingerprint {
        let [hash, check] = &self.hashers;
        Fingerprint { hash: hash.hash_one(key), check: check.hash_one(key) as u32 }
    }

    fn lock(&self, shard: usize) -> MutexGuard<'_, Shard> {
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    /// Adds a touchpoint of someone who was looked up.
    fn push(&mut self, person: u32, touch: Touch) {
        self.note_amounts([touch.amount]);
        self.block(1).entries.push(Entry::new(person, touch));
        self.touchpoints += 1;
    }

    /// Adds touchpoints, and leaves none behind.
    fn extend(&mut self, arrivals: &mut Vec<Arrival>) {
        self.note_amounts(arrivals.iter().map(|arrival| arrival.amount));
        let block = self.block(arrivals.len());
        block.entries.extend(arrivals.iter().map(|arrival| arrival.entry));
        block.unsettled.extend(arrivals.iter().map(|arrival| arrival.hash));
        self.touchpoints += arrivals.len() as u32;
        self.unsettled += arrivals.len();
        arrivals.clear();
    }

    /// Notes the amounts of the touchpoints that are added next.
    fn note_amounts(&mut self, amounts: impl IntoIterator<Item = i64>) {
        for (number, amount) in (self.touchpoints..).zip(amounts).filter(|(_, amount)| *amount != 0) {
            self.paid.push(number);
            self.amount.push(amount);
        }
    }

    /// The last block, with room for so many touchpoints.
    fn block(&mut self, wanted: usize) -> &mut Block {
        let has_room = |block: &Block| block.entries.capacity() - block.entries.len() >= wanted;
        if !self.blocks.last().is_some_and(has_room) {
            let size = (self.touchpoints as usize).clamp(BLOCK.start, BLOCK.end).max(wanted);
            self.blocks.push(Block { entries: Vec::with_capacity(size), unsettled: Vec::with_capacity(size) });
        }
        let last = self.blocks.len() - 1;
        &mut self.blocks[last]
    }

    /// Adds another log at the end.
    fn append(&mut self, mut other: Self) {
        self.paid.extend(other.paid.iter().map(|number| self.touchpoints + number));
        self.amount.append(&mut other.amount);
        self.blocks.append(&mut other.blocks);
        self.touchpoints += other.touchpoints;
        self.unsettled += other.unsettled;
    }
}

impl Shard {
    fn intern(&mut self, fingerprint: Fingerprint) -> u32 {
        let known = self.places.entry(fingerprint.hash, |(known, _)| *known == fingerprint, |(known, _)| known.hash);
        let (_, place) = *known.or_insert((fingerprint, self.persons)).get();
        self.persons = self.persons.max(place + 1);
        place
    }

    fn enter(&mut self, log: Log) {
        self.log.append(log);
        if self.log.unsettled >= UNSETTLED {
            self.settle();
        }
    }

    /// Looks up the people of all touchpoints.
    fn settle(&mut self) {
        let unsettled = std::mem::take(&mut self.log.unsettled);
        if unsettled == 0 {
            return;
        }
        if self.places.is_empty() {
            // Moving people as their number grows costs more than room for some too many.
            self.places.reserve(unsettled / 4, |(known, _)| known.hash);
        }
        let mut blocks = std::mem::take(&mut self.log.blocks);
        for Block { entries, unsettled } in &mut blocks {
            let settled = entries.len() - unsettled.len();
            for (entry, hash) in entries[settled..].iter_mut().zip(std::mem::take(unsettled)) {
                entry.person = self.intern(Fingerprint { hash, check: entry.person });
            }
        }
        self.log.blocks = blocks;
    }

    fn push(&mut self, person: u32, touch: Touch) {
        self.settle();
        self.log.push(person, touch);
    }

    /// Looks at all touchpoints, in no order, without their amounts.
    pub(crate) fn each_touch(&self, mut each: impl FnMut(Touch)) {
        for Entry { moment, product, segment, .. } in self.log.blocks.iter().flat_map(|block| &block.entries).copied() {
            each(Touch { at: moment.at(), product, segment, stage: moment.stage(), amount: 0 });
        }
    }

    /// Hands on each person with touchpoints before `as_of`, and these.
    pub(crate) fn each_person(mut self, as_of: i64, mut each: impl FnMut(Person<'_>)) {
        let mut starts = vec![0_u32; self.persons as usize + 1];
        for entry in self.log.blocks.iter().flat_map(|block| &block.entries).filter(|entry| entry.moment.at() < as_of) {
            starts[entry.person as usize + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut grouped = vec![Packed::default(); sum as usize];
        let mut next = starts.clone();
        let mut paid = std::mem::take(&mut self.log.paid);
        // No touchpoint has this number.
        paid.push(self.log.touchpoints);
        let (mut number, mut passed) = (0, 0);
        for block in std::mem::take(&mut self.log.blocks) {
            for entry in block.entries {
                let is_paid = u32::from(paid[passed as usize] == number);
                passed += is_paid;
                let amount = passed * is_paid;
                number += 1;
                if entry.moment.at() < as_of {
                    let place = &mut next[entry.person as usize];
                    grouped[*place as usize] = Packed::new(entry, amount);
                    *place += 1;
                }
            }
        }
        let mut current: Vec<_> =
            self.current.iter().map(|(&(place, source), &stage)| (place, Current { source, stage })).collect();
        current.sort_unstable();
        let (holders, current): (Vec<u32>, Vec<Current>) = current.into_iter().unzip();
        self.log.amount.insert(0, 0);
        let mut held = 0;
        let mut touches = Vec::new();
        for (range, place) in starts.windows(2).zip(0..).filter(|(range, _)| range[0] < range[1]) {
            let packed = &mut grouped[range[0] as usize..range[1] as usize];
            packed.sort_unstable();
            touches.clear();
            touches.extend(packed.iter().map(|packed| packed.touch(&self.log.amount)));
            // To the last detail, because touchpoints lie as the threads were fast.
            if packed.windows(2).any(|pair| pair[0].is_like(pair[1])) {
                touches.sort_unstable_by_key(|touch| (touch.at, touch.stage, touch.product, touch.segment, touch.amount));
            }
            let begin = held + holders[held..].iter().take_while(|holder| **holder < place).count();
            held = begin + holders[begin..].iter().take_while(|holder| **holder == place).count();
            each(Person { id: self.id(place), touches: &mut touches, current: &current[begin..held] });
        }
    }

    /// The number of the person at a place.
    fn id(&self, place: u32) -> PersonId {
        (place << SHARD_BITS) | self.number
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
    fn addresses_are_told_from_handles() {
        for address in ["ann@example.com", "Ann <ann@example.com>", "/thanks?mail=ann%40example.com"] {
            assert!(holds_address(address), "{address}");
        }
        for other in ["", "@", "@brand", "social @brand", "5 @ 3", "100%40", "mail"] {
            assert!(!holds_address(other), "{other}");
        }
    }

    /// A touchpoint with all else told from its time.
    fn touch(at: i64) -> Touch {
        Touch { at, product: (at % 7) as u16, segment: (at % 5) as u16, stage: (at % 3) as u8, amount: at % 4 }
    }

    #[test]
    fn every_person_comes_once_with_all_touchpoints_in_order() {
        let people = People::default();
        let mut arrivals = Arrivals::new(&people);
        let key = |number: i64| format!("person {}", number % 100);
        for number in 0..1000_i64 {
            if number % 2 == 0 {
                people.enter(people.intern(&key(number)), touch(1000 - number));
            } else {
                arrivals.push(&key(number), touch(1000 - number));
            }
        }
        arrivals.finish();
        let mut ids: Vec<PersonId> = (0..100).map(|number| people.intern(&key(number))).collect();
        let mut found = Vec::new();
        for shard in people.into_shards() {
            shard.each_person(901, |person| {
                found.push(person.id);
                assert!((8..=9).contains(&person.touches.len()));
                assert!(person.touches.is_sorted_by_key(|touch| (touch.at, touch.stage)));
                assert!(person.touches.iter().all(|found| *found == touch(found.at)));
            });
        }
        ids.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, ids);
    }

    #[test]
    fn touchpoints_of_one_moment_come_in_one_order() {
        let plain = Touch { at: -5, product: 1, segment: 1, stage: 2, amount: 0 };
        let mut touches = [
            plain,
            Touch { amount: -3, ..plain },
            Touch { amount: 9, segment: 0, ..plain },
            Touch { product: 0, amount: 1, ..plain },
            Touch { stage: 0, product: 9, ..plain },
        ];
        let run = |touches: &[Touch]| {
            let mut people = People::default();
            for touch in touches {
                people.enter(people.intern("ada"), *touch);
            }
            people.renumber_segments(&[1, 0]);
            let mut found = Vec::new();
            people
                .into_shards()
                .into_iter()
                .for_each(|shard| shard.each_person(0, |person| found.extend_from_slice(person.touches)));
            found
        };
        let forward = run(&touches);
        touches.reverse();
        assert_eq!(forward, run(&touches));
        assert_eq!(forward.iter().map(|touch| touch.amount).collect::<Vec<_>>(), [0, 1, -3, 0, 9]);
    }

    #[test]
    fn people_have_the_furthest_stage_of_each_source() {
        let people = People::default();
        let mut expected = Vec::new();
        for number in 0..300_usize {
            let key = format!("person {number}");
            for (source, stage) in [(1, 2), (0, 3), (1, 5), (1, 4)] {
                if number % 3 == source || number % 3 == 2 {
                    people.set_current(&key, Current { source, stage });
                }
            }
            // Every other of them has touchpoints.
            if number % 2 == 0 {
                let person = people.intern(&key);
                people.enter(person, touch(1));
                let both = [Current { source: 0, stage: 3 }, Current { source: 1, stage: 5 }];
                expected.push((person, if number % 3 == 2 { both.to_vec() } else { vec![both[number % 3]] }));
            }
        }
        let mut found = Vec::new();
        for shard in people.into_shards() {
            shard.each_person(2, |person| found.push((person.id, person.current.to_vec())));
        }
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn who_was_referred_need_not_have_touchpoints() {
        let mut people = People::default();
        people.refer("ada", "bob", 3, -7);
        people.refer("ada", "eve", 3, 8);
        let [ada, bob, eve] = ["ada", "bob", "eve"].map(|key| people.intern(key));
        people.enter(ada, touch(1));
        let referrals = people.referrals();
        assert_eq!(referrals[0], Referral { referrer: ada, referred: bob, product: 3, at: -7 });
        assert_eq!(referrals[1], Referral { referrer: ada, referred: eve, product: 3, at: 8 });
        let mut found = Vec::new();
        for shard in people.into_shards() {
            shard.each_person(2, |person| found.push(person.id));
        }
        assert_eq!(found, [ada]);
    }
}
