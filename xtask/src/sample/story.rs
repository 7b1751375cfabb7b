//! The story that the sample tells, person by person.
//!
//! Local moves are the bread and butter, and stuck: plenty of people subscribe, few convert. Long distance grows month by month.
//! Storage is steady, and nobody has measured its ah-ha moment or its referrals. In October 2026 crews run late.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use super::calendar::{MONTHS, as_of, month_of, month_start};
use super::random::Random;
use super::world::{
    Answer, Contact, Line, LogEntry, Move, Named, Order, PRODUCTS, Person, Product, Referral, SignUp, Stage, Volume, World,
};

/// People who first hear of a product, month by month.
const ARRIVALS: [[i64; MONTHS as usize]; 3] = [
    [250, 235, 200, 165, 155, 170, 215, 245, 285, 320, 325, 305, 270, 260],
    [54, 58, 64, 68, 75, 83, 90, 99, 109, 120, 132, 144, 158, 182],
    [84, 88, 80, 77, 86, 82, 90, 85, 91, 80, 88, 83, 86, 85],
];

/// Per product, how many of 1000 take the step onto Engage, Subscribe, Convert, Excite, Ascend, Advocate, Promote.
const STEPS: [[i64; 7]; 3] =
    [[660, 640, 170, 860, 300, 420, 330], [720, 660, 400, 840, 380, 460, 400], [640, 620, 520, 0, 560, 300, 0]];

const FIRST_NAMES: [&str; 24] = [
    "ava", "ben", "cora", "dana", "eli", "finn", "gia", "hugo", "iris", "jack", "kira", "liam", "mona", "noah", "olga", "paul",
    "quinn", "rosa", "sam", "tara", "uma", "vera", "will", "zoe",
];
const LAST_NAMES: [&str; 20] = [
    "adams", "baker", "cruz", "diaz", "evans", "fox", "gray", "hill", "ito", "jones", "kim", "lopez", "meyer", "nguyen", "ortiz",
    "park", "reyes", "smith", "torres", "young",
];

const LOG_PRODUCTS: [[&str; 3]; 3] = [
    ["Local move", "local-move", "LOCAL MOVE"],
    ["Long distance", "long-distance", "Long Distance"],
    ["Storage", "storage", "Storage "],
];
const INTERESTS: [[&str; 3]; 3] = [
    ["Local moving", "local move", "Local"],
    ["Long haul", "Long-distance move", "long distance"],
    ["Self storage", "Storage", "storage unit"],
];

/// Draws the people's part of the world.
pub(super) struct Story<'a> {
    random: &'a mut Random,
    world: World,
    /// People referred to a product, whose journeys are still to be told.
    referred: Vec<(Person, Product, DateTime)>,
}

impl<'a> Story<'a> {
    /// Tells the whole story.
    pub(super) fn told(random: &'a mut Random) -> World {
        let mut story = Self { random, world: World::default(), referred: Vec::new() };
        for month in 0..MONTHS {
            for (product, arrivals) in ARRIVALS.iter().enumerate() {
                for _ in 0..arrivals[month as usize] {
                    story.arrival(product, month);
                }
            }
            // Referred people arrive within the month or the next, and refer others in turn.
            for (person, product, at) in std::mem::take(&mut story.referred) {
                story.after_awareness(person, product, at);
            }
        }
        story.world
    }

    fn arrival(&mut self, product: Product, month: i64) {
        let days = i64::from(month_start(month).days_in_month());
        let day = month_start(month).saturating_add(self.random.between(0, days - 1).days());
        let at = self.clock(day);
        // Now and then a customer of one product looks at another one.
        let known = self.world.people.len() as i64;
        let person =
            if known > 300 && self.random.chance(70) { self.random.between(0, known - 1) as usize } else { self.new_person() };
        if self.random.chance(950) {
            self.log(person, Stage::Aware, product, at);
        }
        self.after_awareness(person, product, at);
    }

    fn after_awareness(&mut self, person: Person, product: Product, at: DateTime) {
        let [engage, subscribe, convert, excite, ascend, advocate, promote] = STEPS[product];
        let mut at = at;
        if self.random.chance(engage) {
            at = self.later(at, 0, 5);
            self.log(person, Stage::Engage, product, at);
            if self.random.chance(250) {
                let again = self.later(at, 1, 20);
                self.log(person, Stage::Engage, product, again);
            }
        } else if !self.random.chance(80) {
            return;
        }
        if self.random.chance(subscribe) {
            at = self.later(at, 0, 9);
            self.sign_up(person, product, at);
        } else if !self.random.chance(90) {
            return;
        }
        if !self.random.chance(convert) {
            return;
        }
        at = self.later(at, 1, 13);
        self.order(person, product, at, false);
        if self.random.chance(excite) {
            at = self.later(at, 2, 12);
            self.finished_move(person, product, at);
        }
        if self.random.chance(ascend) {
            let again = self.later(at, 2, 19);
            self.order(person, product, again, true);
        }
        at = self.feedback(person, product, at, advocate);
        if self.random.chance(promote) {
            self.referral(person, product, at);
        }
    }

    /// A local date as a time of day, in opening hours.
    fn clock(&mut self, day: Date) -> DateTime {
        day.at(self.random.between(7, 21) as i8, self.random.between(0, 59) as i8, 0, 0)
    }

    fn later(&mut self, at: DateTime, fewest: i64, most: i64) -> DateTime {
        let days = self.random.between(fewest, most);
        if days == 0 {
            return at.saturating_add(self.random.between(2, 90).minutes());
        }
        self.clock(at.date().saturating_add(days.days()))
    }

    /// Whether it has happened when the exports are drawn.
    fn happened(at: DateTime) -> bool {
        at.date() < as_of()
    }

    fn new_person(&mut self) -> Person {
        let number = self.world.people.len();
        let (first, last) = (self.random.pick(&FIRST_NAMES), self.random.pick(&LAST_NAMES));
        self.world.people.push(format!("{first}.{last}{number}@example.com"));
        number
    }

    /// The person's e-mail address as it was typed.
    fn contact(&mut self, person: Person) -> Contact {
        let address = &self.world.people[person];
        let text = match self.random.between(0, 99) {
            0 => address.to_uppercase(),
            1 => format!(" {address}"),
            2 => format!("{address} "),
            3 => address[..1].to_uppercase() + &address[1..],
            _ => address.clone(),
        };
        Contact { text, person: Some(person) }
    }

    fn named(&mut self, spellings: &[[&'static str; 3]; 3], product: Product) -> Named {
        Named { text: self.random.pick(&spellings[product]).to_owned(), product: Some(product) }
    }

    fn log(&mut self, person: Person, stage: Stage, product: Product, at: DateTime) {
        if !Self::happened(at) {
            return;
        }
        let stage_text = match stage {
            Stage::Aware => self.random.pick(&["Awareness", "aware", "Aware"]),
            _ => self.random.pick(&["engagement", "Engage", "ENGAGE"]),
        };
        let named = if self.random.chance(10) {
            Named { text: self.random.pick(&["", "Moving checklist", "Piano"]).to_owned(), product: None }
        } else {
            self.named(&LOG_PRODUCTS, product)
        };
        let contact = self.contact(person);
        self.world.log.push(LogEntry { contact, stage_text: stage_text.to_owned(), stage: Some(stage), at: Some(at), named });
    }

    fn sign_up(&mut self, person: Person, product: Product, at: DateTime) {
        if !Self::happened(at) {
            return;
        }
        let named = if self.random.chance(12) {
            Named { text: self.random.pick(&["Other", "other", ""]).to_owned(), product: None }
        } else {
            self.named(&INTERESTS, product)
        };
        let middle = [280, 520, 90][product];
        let volume = if self.random.chance(150) { Volume::Empty } else { Volume::Tenths(middle + self.random.between(-60, 120)) };
        let contact = self.contact(person);
        self.world.sign_ups.push(SignUp { contact, at: Some(at), named, volume });
    }

    fn order(&mut self, person: Person, product: Product, at: DateTime, again: bool) {
        if !Self::happened(at) {
            return;
        }
        let (items, low, high): ([&str; 2], i64, i64) = match (product, again) {
            (0, false) => (["Local move - 2 movers, 4 h", "Local move - 3 movers, 6 h"], 320, 780),
            (0, true) => (["Local move - furniture assembly", "Local move - full-value protection"], 90, 260),
            (1, false) => (["Long-distance move (deposit)", "Long distance - binding estimate"], 650, 1_400),
            (1, true) => (["Long distance - full packing", "Long distance - vehicle transport"], 480, 1_250),
            (_, false) => (["Storage unit 5x10, monthly", "Storage unit 10x10, monthly"], 79, 159),
            (_, true) => (["Storage unit 10x15, upgrade", "Storage - climate control"], 39, 119),
        };
        let mut lines = vec![Line {
            named: Named { text: self.random.pick(&items).to_owned(), product: Some(product) },
            cents: Some(self.random.between(low, high) * 100 + self.random.pick(&[&0, &50, &99])),
        }];
        if self.random.chance(160) {
            let named = Named { text: "Packing kit \"Starter\", 12 boxes".to_owned(), product: None };
            lines.push(Line { named, cents: Some(4_990) });
        }
        if product == 1 && self.random.chance(140) {
            let named = Named { text: "Storage unit 5x10, monthly".to_owned(), product: Some(2) };
            lines.push(Line { named, cents: Some(self.random.between(79, 119) * 100) });
        }
        let refunded = self.random.chance(25);
        let contact = self.contact(person);
        self.world.orders.push(Order { contact, at, refunded, lines });
    }

    fn finished_move(&mut self, person: Person, product: Product, at: DateTime) {
        if !Self::happened(at) {
            return;
        }
        let is_october = month_of(at.date()) == MONTHS - 1;
        let on_time = self.random.chance(if is_october { 680 } else { 910 });
        let contact = self.contact(person);
        let named = Named { text: PRODUCTS[product].to_owned(), product: Some(product) };
        self.world.moves.push(Move { contact, at: Some(at), named, on_time });
    }

    /// A review, a survey answer, both or none; the time of the last.
    fn feedback(&mut self, person: Person, product: Product, at: DateTime, advocate: i64) -> DateTime {
        let mut at = at;
        let happy = self.random.chance(advocate + 330);
        if self.random.chance(advocate) {
            at = self.later(at, 2, 14);
            let score = if happy { self.random.between(4, 5) } else { self.random.between(1, 5) };
            self.answer(person, product, at, score, true);
        }
        if self.random.chance(550) {
            let answered = self.later(at, 1, 10);
            let score = if happy { self.random.between(8, 10) } else { self.random.between(0, 9) };
            self.answer(person, product, answered, score, false);
        }
        at
    }

    fn answer(&mut self, person: Person, product: Product, at: DateTime, score: i64, is_review: bool) {
        if !Self::happened(at) {
            return;
        }
        let anonymous = is_review && self.random.chance(30);
        let contact = if anonymous { Contact { text: String::new(), person: None } } else { self.contact(person) };
        let named = Named { text: PRODUCTS[product].to_owned(), product: Some(product) };
        let answers = if is_review { &mut self.world.reviews } else { &mut self.world.surveys };
        answers.push(Answer { contact, at: Some(at), named, score });
    }

    /// The referral programme began in November 2025.
    fn referral(&mut self, person: Person, product: Product, at: DateTime) {
        let at = self.later(at, 1, 17);
        if !Self::happened(at) || month_of(at.date()) < 2 {
            return;
        }
        let referred = self.new_person();
        let (referrer, friend) = (self.contact(person), self.contact(referred));
        let named = Named { text: PRODUCTS[product].to_owned(), product: Some(product) };
        self.world.referrals.push(Referral { referrer, referred: friend, at, named, reward_cents: 2_500 });
        self.referred.push((referred, product, at));
    }
}
