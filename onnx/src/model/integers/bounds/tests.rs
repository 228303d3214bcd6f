use super::*;

const INT32: i32 = DataType::Int32 as i32;
const INT64: i32 = DataType::Int64 as i32;

fn step(kind: Kind, data_type: i32, inputs: &[&str]) -> Step {
    Step {
        node: "n".to_owned(),
        operator: "Op".to_owned(),
        kind,
        inputs: inputs.iter().map(|&name| name.to_owned()).collect(),
        outputs: vec!["y".to_owned()],
        data_type,
        terms: 1,
    }
}

#[test]
fn products_leave_thirty_two_bits_and_not_sixty_four() {
    let x = Interval::exact(0, 65_535);
    let error = step(Kind::Product, INT32, &["x", "x"]).result(&[x, x]).expect_err("it goes around");
    assert!(matches!(error, Error::IntegerOverflow { maximum: 4_294_836_225, data_type: "int32", .. }));
    let wide = step(Kind::Product, INT64, &["x", "x"]).result(&[x, x]).expect("it fits");
    assert_eq!(wide, Interval { low: 0, high: 4_294_836_225, is_exact: false });
    let signed = Interval::exact(-128, 127);
    let square = step(Kind::Product, INT32, &["x", "x"]).result(&[signed, signed]).expect("it fits");
    assert_eq!(square, Interval::exact(0, 16_384));
    let product = step(Kind::Product, INT32, &["x", "z"]).result(&[signed, signed]).expect("it fits");
    assert_eq!(product, Interval::exact(-16_256, 16_384));
}

#[test]
fn sums_that_cancel_what_is_rounded_are_refused() {
    let large = Interval { low: 0, high: 1 << 32, is_exact: false };
    let sum = step(Kind::Sum, INT64, &["a", "b"]).result(&[large, large]).expect("it has one sign");
    assert_eq!((sum.low, sum.high, sum.is_exact), (0, 1 << 33, false));
    let error = step(Kind::Difference, INT64, &["a", "b"]).result(&[large, large]).expect_err("it cancels");
    assert!(matches!(error, Error::IntegerPrecision { maximum: 0x2_0000_0000, .. }), "{error:?}");
    let end = Interval { is_exact: false, ..Interval::exact(i32::MAX.into(), i32::MAX.into()) };
    let one = Interval::exact(0, 1);
    let error = step(Kind::Sum, INT32, &["a", "b"]).result(&[one, end]).expect_err("it goes around");
    assert!(matches!(error, Error::IntegerOverflow { maximum: 0x8000_0000, .. }), "{error:?}");
}

#[test]
fn comparisons_with_what_is_far_away_are_exact_enough() {
    let (small, end) = (Interval::exact(-128, 127), Interval::of(INT64));
    let end = Interval { low: end.high, ..end };
    assert!(step(Kind::Question, INT64, &["a", "b"]).result(&[small, end]).is_ok());
    let near = Interval { low: ALL, high: ALL + 9, is_exact: false };
    let error = step(Kind::Question, INT64, &["a", "b"]).result(&[near, near]).expect_err("it is rounded");
    assert!(matches!(error, Error::IntegerPrecision { .. }), "{error:?}");
}

#[test]
fn remainders_are_below_their_divisor() {
    let (x, three) = (Interval::exact(-9, 9), Interval::exact(3, 3));
    let of = |kind| step(kind, INT64, &["x", "c"]).result(&[x, three]).expect("it is exact");
    assert_eq!(of(Kind::Remainder { fmod: false }), Interval::exact(0, 2));
    assert_eq!(of(Kind::Remainder { fmod: true }), Interval::exact(-2, 2));
    assert_eq!(of(Kind::Quotient), Interval::exact(-3, 3));
}
