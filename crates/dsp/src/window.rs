//! The sinc and the window that interpolators are made of.

use std::f64::consts::PI;

/// sin(pi x) / (pi x).
pub(crate) fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// The Kaiser window from -1 to 1; zero beyond.
pub(crate) fn kaiser(beta: f64) -> impl Fn(f64) -> f64 {
    move |u| if u.abs() > 1.0 { 0.0 } else { bessel_i0(beta * (1.0 - u * u).sqrt()) / bessel_i0(beta) }
}

fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..200 {
        term *= quarter / f64::from(k * k);
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}
