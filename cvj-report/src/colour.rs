//! Colours as people see them: contrast by WCAG 2, and lightness by `OKLab`, so that a hue stays itself when it gets darker or lighter.

/// The least contrast of text on its ground: WCAG 2, level AA.
pub(crate) const AA: f64 = 4.5;

/// The contrast of two colours, from 1 to 21 (WCAG 2, "contrast ratio").
pub(crate) fn contrast(one: u32, other: u32) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The colour, made darker or lighter until it stands out from every ground by `least`; itself where it does already.
pub(crate) fn readable(colour: u32, grounds: &[u32], least: f64) -> u32 {
    let stands_out = |colour: u32| grounds.iter().all(|ground| contrast(colour, *ground) >= least);
    let [lightness, a, b] = oklab_of(light(colour));
    let dark_ground = grounds.iter().map(|ground| luminance(*ground)).sum::<f64>() < 0.2 * grounds.len() as f64;
    let end = if dark_ground { 1.0 } else { 0.0 };
    let steps = (0..=100).map(|step| f64::from(step) / 100.0);
    let mut tried = steps.map(|share| {
        // Near black and white there is less colour to have.
        let keep = 1.0 - share * share;
        if share == 0.0 { colour } else { from_oklab([lightness + (end - lightness) * share, a * keep, b * keep]) }
    });
    tried.find(|colour| stands_out(*colour)).unwrap_or(if dark_ground { 0xFF_FFFF } else { 0 })
}

/// How far the hues of two colours are from each other, whatever their lightness; from about 0.06 on they are told apart.
pub(crate) fn hues_apart(one: u32, other: u32) -> f64 {
    let ([_, a, b], [_, c, d]) = (oklab_of(light(one)), oklab_of(light(other)));
    (a - c).hypot(b - d)
}

/// `share` of one colour on a ground.
pub(crate) fn mixed(colour: u32, ground: u32, share: f64) -> u32 {
    let (colour, ground) = (oklab_of(light(colour)), oklab_of(light(ground)));
    from_oklab([0, 1, 2].map(|part| ground[part] + (colour[part] - ground[part]) * share))
}

/// `#0a7f5a`.
pub(crate) fn hex(colour: u32) -> String {
    format!("#{colour:06x}")
}

/// The channels as light, each from 0 to 1.
pub(crate) fn light(colour: u32) -> [f64; 3] {
    channels(colour).map(linear)
}

fn channels(colour: u32) -> [f64; 3] {
    [16, 8, 0].map(|shift| f64::from((colour >> shift) & 0xFF) / 255.0)
}

fn linear(channel: f64) -> f64 {
    if channel <= 0.040_45 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
}

fn luminance(colour: u32) -> f64 {
    let [red, green, blue] = light(colour);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// Björn Ottosson's `OKLab`: lightness from 0 to 1, and two axes of colour. <https://bottosson.github.io/posts/oklab/>
pub(crate) fn oklab_of([red, green, blue]: [f64; 3]) -> [f64; 3] {
    let long = (0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue).cbrt();
    let medium = (0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue).cbrt();
    let short = (0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue).cbrt();
    [
        0.210_454_255_3 * long + 0.793_617_785_0 * medium - 0.004_072_046_8 * short,
        1.977_998_495_1 * long - 2.428_592_205_0 * medium + 0.450_593_709_9 * short,
        0.025_904_037_1 * long + 0.782_771_766_2 * medium - 0.808_675_766_0 * short,
    ]
}

fn from_oklab([lightness, a, b]: [f64; 3]) -> u32 {
    let long = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let medium = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let short = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    let linear = [
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short,
    ];
    linear.into_iter().fold(0, |colour, channel| {
        let channel = channel.clamp(0.0, 1.0);
        let channel = if channel <= 0.003_130_8 { channel * 12.92 } else { 1.055 * channel.powf(1.0 / 2.4) - 0.055 };
        colour << 8 | (channel * 255.0).round() as u32
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn contrast_is_that_of_the_published_examples() {
        assert!((contrast(0, 0xFF_FFFF) - 21.0).abs() < 1e-9);
        // The lightest grey on white that passes level AA.
        assert!(contrast(0x76_7676, 0xFF_FFFF) >= 4.5 && contrast(0x77_7777, 0xFF_FFFF) < 4.5);
    }

    #[test]
    fn what_is_readable_stays_as_it_is() {
        assert_eq!(readable(0x0A_7F5A, &[0xFF_FFFF], AA), 0x0A_7F5A);
        assert_ne!(readable(0xFF_CC00, &[0xFF_FFFF], AA), 0xFF_CC00);
    }

    proptest! {
        #[test]
        fn every_colour_becomes_readable(colour in 0..=0xFF_FFFF_u32) {
            for grounds in [[0xFF_FFFF, 0xF6_F8FB], [0x16_1D28, 0x20_2A38]] {
                let found = readable(colour, &grounds, AA);
                prop_assert!(grounds.iter().all(|ground| contrast(found, *ground) >= AA), "{colour:06x} {found:06x}");
            }
        }

        #[test]
        fn oklab_leads_there_and_back(colour in 0..=0xFF_FFFF_u32) {
            let back = from_oklab(oklab_of(light(colour)));
            let apart = channels(colour).into_iter().zip(channels(back)).all(|(one, other)| (one - other).abs() < 1.5 / 255.0);
            prop_assert!(apart, "{colour:06x} {back:06x}");
        }
    }
}
