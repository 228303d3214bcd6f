//! Lengths of axes that a model leaves open.

use anyhow::{Result, bail};
use clap::Args;
use tacit_onnx::LoadOptions;

/// `--shape` and `--input-shape`.
#[derive(Debug, Args)]
pub(crate) struct Shapes {
    /// Length of an axis that the model has a name for instead; repeat it for others
    #[arg(long, value_name = "NAME=LENGTH")]
    shape: Vec<String>,
    /// Whole shape of the model's input, the first axis included
    #[arg(long, value_name = "1,3,224,224", value_delimiter = ',', num_args = 1)]
    input_shape: Vec<usize>,
}

impl Shapes {
    /// The options of loading a model.
    pub(crate) fn options(&self) -> Result<LoadOptions> {
        let mut options = LoadOptions::default();
        for text in &self.shape {
            let parsed = text.rsplit_once('=').and_then(|(name, length)| Some((name, length.parse().ok()?)));
            let Some((name, length)) = parsed else {
                bail!("--shape {text} is not a name and a length: give them as NAME=LENGTH");
            };
            if options.shapes.insert(name.to_owned(), length).is_some_and(|other| other != length) {
                bail!("--shape gives `{name}` two lengths: give one");
            }
        }
        options.input_shape = (!self.input_shape.is_empty()).then(|| self.input_shape.clone());
        Ok(options)
    }
}
