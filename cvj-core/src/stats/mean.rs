//! Means of money over people, and ratios of sums, with large-sample intervals.

use super::Z;

/// Sums over people from which means and their spread follow.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// How many.
    pub count: f64,
    /// Sum of their values.
    pub sum: f64,
    /// Sum of the squares of their values.
    pub squares: f64,
}

impl Sample {
    /// The mean; `None` of nothing.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }

    /// Variance of the mean, from the unbiased variance of the values; `None` of fewer than two.
    fn variance_of_mean(&self) -> Option<f64> {
        let spread = (self.squares - self.sum * self.sum / self.count).max(0.0);
        (self.count >= 2.0).then(|| spread / (self.count - 1.0) / self.count)
    }
}

/// 95 % interval of the difference `first - second` of two means with unequal variances, by the normal quantile: for samples of
/// twenty and more; `None` where either has fewer than two values.
///
/// Source: Welch 1938, "The significance of the difference between two means when the population variances are unequal", with the
/// normal quantile in place of Student's.
///
/// ```
/// use cvj_core::stats::{Sample, difference_of_means};
/// let first = Sample { count: 100.0, sum: 1200.0, squares: 15_390.0 }; // mean 12, variance 10
/// let second = Sample { count: 100.0, sum: 1000.0, squares: 11_485.0 }; // mean 10, variance 15
/// let [low, high] = difference_of_means(&first, &second).unwrap();
/// assert!((low - 1.02).abs() < 1e-4 && (high - 2.98).abs() < 1e-4); // 2 ± 1.96 × ½
/// ```
pub fn difference_of_means(first: &Sample, second: &Sample) -> Option<[f64; 2]> {
    let difference = first.mean()? - second.mean()?;
    let spread = Z * (first.variance_of_mean()? + second.variance_of_mean()?).sqrt();
    Some([difference - spread, difference + spread])
}

/// 95 % interval of `Σy / Σx` over `count` people, each with their own x and y; `None` for fewer than two people or no x.
///
/// `squares`: Σx², Σxy and Σy².
///
/// Source: Cochran 1977, "Sampling techniques", 6.4: the large-sample variance of a ratio estimate.
///
/// ```
/// // Orders 1, 2, 3 worth 10, 24, 26: 60 ÷ 6 = 10; deviations 0, 4, -4.
/// let [low, high] = cvj_core::stats::ratio_of_sums(3.0, [6.0, 60.0], [14.0, 136.0, 1352.0]).unwrap();
/// let spread = 1.959964 * (32.0_f64 / 2.0 / 3.0).sqrt() / 2.0;
/// assert!((low - (10.0 - spread)).abs() < 1e-5 && (high - (10.0 + spread)).abs() < 1e-5);
/// ```
pub fn ratio_of_sums(count: f64, sums: [f64; 2], squares: [f64; 3]) -> Option<[f64; 2]> {
    let [x, y] = sums;
    if count < 2.0 || x <= 0.0 {
        return None;
    }
    let ratio = y / x;
    let [xx, xy, yy] = squares;
    let deviations = (yy - 2.0 * ratio * xy + ratio * ratio * xx).max(0.0);
    let spread = Z * (deviations / (count - 1.0) / count).sqrt() / (x / count);
    Some([ratio - spread, ratio + spread])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_values_have_no_interval() {
        let one = Sample { count: 1.0, sum: 3.0, squares: 9.0 };
        assert_eq!(difference_of_means(&one, &one), None);
        assert_eq!(Sample::default().mean(), None);
        assert_eq!(ratio_of_sums(1.0, [1.0, 1.0], [1.0; 3]), None);
    }
}
