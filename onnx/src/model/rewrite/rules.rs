//! Which operator has which rule.

use tract_onnx::pb::NodeProto;

use super::{
    constants, index, logic, normalisation, pointwise, reduction, resampling,
    rewriting::{Rewriting, Rewritten},
    selection, softmax,
};

/// What is emitted in place of a node.
pub(super) type Rule = fn(&mut Rewriting<'_>) -> Rewritten;

/// The rule of a node's operator.
pub(super) fn rule(node: &NodeProto) -> Option<Rule> {
    if !node.domain.is_empty() && node.domain != "ai.onnx" {
        return None;
    }
    let rule: Rule = match &*node.op_type {
        "Add" => logic::add,
        "And" | "Or" | "Xor" => logic::connect,
        "ArgMin" | "ReduceMin" => reduction::minimum,
        "Celu" => pointwise::celu,
        "Clip" => logic::clip,
        "Concat" => selection::concat,
        "Compress" | "IsInf" | "IsNaN" | "NonZero" | "Unique" => refused,
        "CumSum" => reduction::cumulative_sum,
        "Dropout" => dropout,
        "Einsum" => reduction::einsum_of_one,
        "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" => logic::compare,
        "Gather" => selection::gather,
        "GatherElements" => selection::gather_elements,
        "GatherND" => selection::gather_nd,
        "GroupNormalization" => normalisation::group,
        "Hardmax" => softmax::hardmax,
        "InstanceNormalization" => normalisation::instance,
        "LayerNormalization" => normalisation::layer,
        "LogSoftmax" => softmax::log_softmax,
        "LpNormalization" => normalisation::lp,
        "LpPool" | "GlobalLpPool" => reduction::lp_pool,
        "LRN" => normalisation::local_response,
        "Max" | "Min" => logic::extremum,
        "MaxPool" => reduction::max_pool,
        "MeanVarianceNormalization" => normalisation::mean_variance,
        "Mish" => pointwise::mish,
        "Mod" => pointwise::remainder,
        "If" => branch,
        index::ONE_HOT => index::one_hot,
        "OneHot" => constants::one_hot,
        "Pad" => selection::pad,
        "Pow" => pointwise::power,
        "ReduceLogSumExp" => softmax::log_sum_exp,
        "ReduceProd" => reduction::product,
        "Range" => constants::range,
        "Resize" => resampling::resize,
        "RMSNormalization" => normalisation::root_mean_square,
        "ScatterElements" | "Scatter" => selection::scatter_elements,
        "ScatterND" => selection::scatter_nd,
        "Softmax" => softmax::softmax,
        "Softplus" => pointwise::softplus,
        "Sub" => logic::subtract,
        "Swish" => pointwise::swish,
        "Tile" => selection::tile,
        "TopK" => reduction::largest,
        "Trilu" => selection::triangle,
        "Upsample" => resampling::upsample,
        "Where" => logic::choose,
        _ => return None,
    };
    Some(rule)
}

/// Whether a rule holds for constants too: the importer, which computes them, misreads the operator.
pub(super) fn holds_for_constants(node: &NodeProto) -> bool {
    matches!(
        &*node.op_type,
        "Celu"
            | "GatherND"
            | "Mish"
            | "OneHot"
            | "Range"
            | "Resize"
            | "ScatterND"
            | "Softplus"
            | "Swish"
            | "Upsample"
    )
}

/// Results whose shape depends on values, and questions that numbers always answer with no.
fn refused(r: &mut Rewriting<'_>) -> Rewritten {
    Err(r.unsupported())
}

/// `If`, which is decided when the model is read.
fn branch(r: &mut Rewriting<'_>) -> Rewritten {
    let condition = r.input(0)?;
    if r.is_constant(condition) {
        return Ok(None);
    }
    Err(r.refuse("a computed condition", "both branches, and a Where that chooses"))
}

/// `Dropout`, which leaves its input as it is unless it is told to train.
fn dropout(r: &mut Rewriting<'_>) -> Rewritten {
    let is_zero = |index: usize, default: bool| {
        let zeros = |name| r.numbers(name).is_some_and(|numbers| numbers.iter().all(|&number| number == 0.0));
        r.optional_input(index).map_or(default, zeros)
    };
    let trains = !is_zero(2, true) && !is_zero(1, false);
    if trains { Err(r.refuse("training", "`training_mode` false, and constant")) } else { Ok(None) }
}
