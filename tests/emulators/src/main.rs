//! Runs one emulator by hand: `cvj-emulator hubspot --contacts 1000`.

fn main() {}
