//! A network's proof: what is committed, looked up and claimed, what is absorbed first, keys and files.

pub mod alone;
pub mod file;
pub mod input;
pub mod key;
pub mod lookup;
pub mod model;
pub mod parameters;
pub mod plan;
pub mod proof_file;
pub mod soundness;
pub mod statement;
