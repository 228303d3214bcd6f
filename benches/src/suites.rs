//! Which networks are measured together. A suite is a list of cases; what is in a case's [`Subject`] is all that another
//! process needs to measure it.

mod scaling;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tacit_inference::cost::Preference;
use tacit_layers::{ConvolutionArgument, Network, error::Result};

use crate::{
    networks::{batched_mlp, cnn_264k, dense_4m, lenet5, mlp, picture, vgg11, vgg16},
    published::{self, Perceptron},
    row::{Published, Varied},
    single::{Size, convolutions},
};

/// The suite of convolutions.
pub const CONV: &str = "conv";

/// One row to be measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The suite.
    pub suite: String,
    /// Rows that make up one series.
    pub group: String,
    /// The row's name, unique in its suite.
    pub name: String,
    /// What differs along the group.
    pub varied: Option<Varied>,
    /// What is measured.
    pub subject: Subject,
    /// The argument for convolutions, where the case is about it.
    pub convolution: Option<ConvolutionArgument>,
    /// The number of threads, where the case is about it.
    pub threads: Option<u16>,
    /// What others published about the same architecture.
    pub published: Vec<Published>,
}

/// What a case measures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// A perceptron of these widths.
    Perceptron(Vec<usize>),
    /// A perceptron on so many inputs at once.
    Batch(usize, Vec<usize>),
    /// Convolutions on a picture of this side.
    Picture(usize),
    /// A published network.
    Published(PublishedNetwork),
    /// One linear layer.
    Layer(Size),
    /// The folder of an ONNX model.
    Folder(PathBuf),
}

/// Networks that others published figures of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PublishedNetwork {
    /// LeNet-5.
    Lenet5,
    /// DeepProve's convolutional network.
    Cnn264k,
    /// DeepProve's perceptron.
    Dense4m,
    /// zkCNN's VGG11.
    Vgg11,
    /// zkCNN's VGG16.
    Vgg16,
}

impl Case {
    fn new(suite: &str, group: &str, name: String, subject: Subject) -> Self {
        let (suite, group) = (suite.to_owned(), group.to_owned());
        let published = vec![];
        Self { suite, group, name, varied: None, subject, convolution: None, threads: None, published }
    }

    fn varied(mut self, what: &str, value: usize) -> Self {
        self.varied = Some(Varied { what: what.to_owned(), value: value as u64 });
        self
    }

    /// The argument asked for, or what is asked for in general.
    pub fn convolution(&self, general: Preference<ConvolutionArgument>) -> Preference<ConvolutionArgument> {
        self.convolution.map_or(general, Preference::Only)
    }
}

impl Subject {
    /// The network, its weights drawn from a fixed seed; none for a model's folder.
    ///
    /// # Errors
    /// When a shape is not usable.
    pub fn network(&self) -> Result<Option<Network>> {
        Ok(Some(match self {
            Self::Perceptron(widths) => mlp("perceptron", widths)?,
            Self::Batch(batch, widths) => batched_mlp("batch", *batch, widths)?,
            Self::Picture(side) => picture(*side)?,
            Self::Published(network) => network.network()?,
            Self::Layer(size) => size.network()?.0,
            Self::Folder(_) => return Ok(None),
        }))
    }

    /// The architecture in a few words.
    pub fn description(&self) -> String {
        let chain = |widths: &[usize]| widths.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
        match self {
            Self::Perceptron(widths) => chain(widths),
            Self::Batch(batch, widths) => format!("{batch} times {}", chain(widths)),
            Self::Picture(side) => format!("3x{side}x{side}, 3x3 convolutions to 16, 16 and 1 channels"),
            Self::Published(network) => network.description().to_owned(),
            Self::Layer(size) => size.to_string(),
            Self::Folder(_) => "model.onnx".to_owned(),
        }
    }
}

impl PublishedNetwork {
    const ALL: [Self; 5] = [Self::Lenet5, Self::Cnn264k, Self::Dense4m, Self::Vgg11, Self::Vgg16];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lenet5 => "lenet5",
            Self::Cnn264k => "cnn-264k",
            Self::Dense4m => "dense-4m",
            Self::Vgg11 => "vgg11",
            Self::Vgg16 => "vgg16",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Lenet5 => "1x28x28, conv5 6, pool, conv5 16, pool, 120-84-10",
            Self::Cnn264k => "3x32x32, conv5 12, pool, conv5 33, pool, 251-175-10",
            Self::Dense4m => "4-1024-1024-1024-1024-1024-3",
            Self::Vgg11 => {
                "3x32x32, conv3 64, pool, 128, pool, 2x256, pool, 2x512, pool, 2x512, pool, 512-512-10"
            }
            Self::Vgg16 => {
                "3x32x32, conv3 2x64, pool, 2x128, pool, 3x256, pool, 3x512, pool, 3x512, pool, 512-512-10"
            }
        }
    }

    fn network(self) -> Result<Network> {
        match self {
            Self::Lenet5 => lenet5(),
            Self::Cnn264k => cnn_264k(),
            Self::Dense4m => dense_4m(),
            Self::Vgg11 => vgg11(),
            Self::Vgg16 => vgg16(),
        }
    }

    fn published(self) -> Vec<Published> {
        match self {
            Self::Cnn264k => published::cnn_264k(),
            Self::Dense4m => published::dense_4m(),
            Self::Vgg16 => published::vgg16(),
            Self::Lenet5 | Self::Vgg11 => vec![],
        }
    }
}

/// The perceptrons of "The Cost of Intelligence", by depth and by width.
pub fn modulus() -> Vec<Case> {
    let suites = published::modulus();
    let case = |group: &'static str| {
        move |perceptron: &Perceptron| {
            let subject = Subject::Perceptron(perceptron.widths.clone());
            let case = Case::new("modulus", group, perceptron.name.clone(), subject);
            let (layers, weights) = (perceptron.layers as usize, perceptron.weights as usize);
            let case = if group == "depth" {
                case.varied("layers", layers)
            } else {
                case.varied("weights", weights)
            };
            Case { published: perceptron.published(), ..case }
        }
    };
    suites.depth.iter().map(case("depth")).chain(suites.width.iter().map(case("width"))).collect()
}

/// Networks that others published figures of, weights drawn from a fixed seed.
pub fn published_networks() -> Vec<Case> {
    let case = |network: PublishedNetwork| Case {
        published: network.published(),
        ..Case::new("zoo", "published", network.name().to_owned(), Subject::Published(network))
    };
    PublishedNetwork::ALL.map(case).to_vec()
}

/// ONNX models by the names and paths of their folders.
pub fn models(folders: impl IntoIterator<Item = (String, PathBuf)>) -> Vec<Case> {
    let case = |(name, path)| Case::new("zoo", "models", name, Subject::Folder(path));
    folders.into_iter().map(case).collect()
}

/// Every argument on convolutions of many sizes.
pub fn conv() -> Vec<Case> {
    let size = |size: Size| {
        ConvolutionArgument::ALL.iter().map(move |&argument| Case {
            convolution: Some(argument),
            ..Case::new(CONV, &size.to_string(), format!("{size}-{argument}"), Subject::Layer(size))
        })
    };
    convolutions().into_iter().flat_map(size).collect()
}

/// How costs grow with weights, activations, batch and threads.
pub fn scaling() -> Vec<Case> {
    scaling::cases()
}

#[cfg(test)]
mod tests;
