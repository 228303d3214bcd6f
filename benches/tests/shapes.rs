//! Arguments by themselves: shapes as they are written, and what is measured of them.

use tacit_benches::{
    alone::{Argument, Measured, Phases, Prepared},
    shape::{Kind, Shape},
};
use tacit_layers::ConvolutionArgument;
use tacit_transcript::labels;

fn written(kind: Kind, text: &str) -> Vec<String> {
    kind.parse(text).unwrap_or_default().iter().map(Shape::to_string).collect()
}

#[test]
fn a_shape_is_written_as_it_is_read() {
    let all = [
        (Kind::Convolution, "16x32x32,k3,s2,g4"),
        (Kind::Convolution, "4x9x1,k5x1,o8,d2,p0"),
        (Kind::Matmul, "1x512x10"),
        (Kind::Lookup, "1000,b8"),
        (Kind::Opening, "8x1024,w6"),
        (Kind::Gates, "64x4"),
    ];
    for (kind, text) in all {
        assert_eq!(written(kind, text), [text]);
        for text in kind.default_shapes() {
            assert!(!written(kind, text).is_empty(), "{text}");
        }
    }
}

#[test]
fn lists_and_ranges_stand_for_every_shape() {
    assert_eq!(
        written(Kind::Convolution, "8..64*2x32,k3"),
        ["8x32x32,k3", "16x32x32,k3", "32x32x32,k3", "64x32x32,k3"]
    );
    assert_eq!(
        written(Kind::Convolution, "4x8,k1..5+2,s1/2"),
        ["4x8x8,k1", "4x8x8,k1,s2", "4x8x8,k3", "4x8x8,k3,s2", "4x8x8,k5", "4x8x8,k5,s2"]
    );
    assert_eq!(written(Kind::Lookup, "2^4..2^6*2/100,b3"), ["16,b3", "32,b3", "64,b3", "100,b3"]);
    assert_eq!(written(Kind::Gates, "1..3x2"), ["1x2", "2x2", "3x2"]);
}

#[test]
fn what_is_no_shape_is_refused_with_a_remedy() {
    let refused = |kind: Kind, text: &str, part: &str| {
        let error = kind.parse(text).map_or_else(|error| error, |shapes| format!("{shapes:?}"));
        assert!(error.contains(part), "{text}: {error}");
    };
    refused(Kind::Convolution, "16x32x32", "`k` is missing");
    refused(Kind::Convolution, "16,k3", "from 2 to 3 numbers");
    refused(Kind::Convolution, "16x32x32x2,k3", "from 2 to 3 numbers");
    refused(Kind::Convolution, "16x32,k3,k5", "`k` is there twice");
    refused(Kind::Convolution, "16x32,k3,z5", "`z5` is no part of a shape");
    refused(Kind::Convolution, "16x32,k3,g5", "5 groups");
    refused(Kind::Convolution, "16x32,k3,g4,o6", "4 groups");
    refused(Kind::Convolution, "16x32,k3,g0", "groups");
    refused(Kind::Convolution, "16x2,k9,p0", "window");
    refused(Kind::Convolution, "99999x99999,k3", "`99999x99999x99999,k3`");
    refused(Kind::Matmul, "3x4", "3 numbers");
    refused(Kind::Matmul, "3x0x4", "empty");
    refused(Kind::Matmul, "99999x99999x1", "at most 67108864");
    refused(Kind::Matmul, "3x4x", "`` is no number");
    refused(Kind::Matmul, "3x4x8..4", "`8..4` is empty");
    refused(Kind::Matmul, "3x4x1..9*1", "a factor is at least 2");
    refused(Kind::Matmul, "3x4x1..9+0", "a step is at least 1");
    refused(Kind::Matmul, "3x4x1..99999", "more than 4096 shapes");
    refused(Kind::Matmul, "1..999x1..999x1", "more than 4096 shapes");
    refused(Kind::Matmul, "3x4x2^64", "`2^64` is no number");
    refused(Kind::Lookup, "16,b23", "1 to 22 bits");
    refused(Kind::Opening, "1x16,w40", "2^20");
    refused(Kind::Gates, "8x2048", "1024 layers");
}

/// What the first shape of a text takes by an argument of this name.
fn measured(kind: Kind, text: &str, name: &str) -> Measured {
    let shape = kind.parse(text).unwrap_or_default()[0];
    let argument = Argument::all(kind).into_iter().find(|argument| argument.name() == name);
    let prepared = Prepared::new(&shape, argument.unwrap_or(Argument::Only("")), 9.0);
    let prepared = prepared.unwrap_or_else(|error| unreachable!("{text}: {error}"));
    prepared.measure(2).unwrap_or_else(|error| unreachable!("{text}: {error}"))
}

#[test]
fn every_kind_is_proved_by_every_argument() {
    let all = [
        (Kind::Convolution, "4x6x5,k3,s2,g2"),
        (Kind::Convolution, "4x6,k3x1,o8,p0"),
        (Kind::Matmul, "3x5x2"),
        (Kind::Lookup, "100,b4"),
        (Kind::Opening, "3x33,w2"),
        (Kind::Gates, "6x5"),
    ];
    for (kind, text) in all {
        for argument in Argument::all(kind) {
            let Measured { seconds, sent: Phases { commitment, argument: sent, opening } } =
                measured(kind, text, argument.name());
            for times in
                [seconds.commit, seconds.prove, seconds.open, seconds.read, seconds.verify, seconds.check]
            {
                assert!(times.len() == 2 && times.iter().all(|&time| time > 0.0), "{text}: {times:?}");
            }
            for sent in [&commitment, &sent, &opening] {
                assert_eq!(sent.bytes, sent.messages.iter().map(|message| message.bytes).sum::<usize>());
                assert!(sent.bytes > 0, "{text} by {}", argument.name());
            }
        }
    }
}

#[test]
fn rounds_and_bytes_are_those_of_the_protocol() {
    // A sumcheck of degree 2 over the inner axis, two final values, and the value of the product.
    let sent = measured(Kind::Matmul, "4x8x2", "sumcheck").sent.argument;
    let bytes = |name: &str| {
        sent.messages
            .iter()
            .filter(|message| message.name == name)
            .map(|message| message.bytes)
            .sum::<usize>()
    };
    assert_eq!(bytes(labels::ROUND_POLYNOMIAL.name()), 3 * 2 * 32, "{sent:?}");
    assert_eq!(sent.bytes, (3 * 2 + 3) * 32, "{sent:?}");
    // Two variables' rows of four: a sumcheck over a row, then as many rounds of the inner product.
    let opening = measured(Kind::Opening, "1x16,w2", "hyrax").sent.opening;
    assert_eq!(opening.bytes, 32 * (2 * 2 + 2 * 2 + 1), "{opening:?}");
    assert_eq!(opening.rounds, 2 + 2, "{opening:?}");
}

#[test]
fn a_limit_and_a_shape_are_refused() {
    let shape = |text: &str| Kind::Convolution.parse(text).unwrap_or_default()[0];
    let prepared = |text: &str, argument, limit| {
        let prepared = Prepared::new(&shape(text), Argument::Convolution(argument), limit);
        prepared.map_or_else(|refusal| refusal.to_string(), |_| String::new())
    };
    assert!(prepared("64x64,k3", ConvolutionArgument::Gates, 1e-6).contains("--limit allows"));
    assert!(prepared("4x8,k3,s2", ConvolutionArgument::Direct, 9.0).is_empty());
    assert!(prepared("6x8,k3,g2", ConvolutionArgument::Direct, 9.0).contains("powers of two"));
}
