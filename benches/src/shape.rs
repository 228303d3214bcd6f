//! Shapes of one's own for arguments by themselves, and how they are written: `16x32x32,k3,s2`, with lists and ranges in the
//! place of every number.

mod grammar;

use std::fmt;

use tacit_layers::{
    AxisWindow, Layout, Window2d,
    argument::{gates::MAX_LAYERS, matmul::MatmulLayer},
    layer::conv2d::ConvolutionLayer,
};

use self::grammar::Field;

/// Most elements of a tensor.
const MAX_ELEMENTS: usize = 1 << 26;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A convolution.
    Convolution,
    /// A matrix product.
    Matmul,
    /// A look-up in a range.
    Lookup,
    /// An opening of committed columns.
    Opening,
    /// A circuit of gates.
    Gates,
}

/// A convolution's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convolution {
    /// Channels in.
    pub channels: usize,
    /// The input's height and width.
    pub image: [usize; 2],
    /// The kernel's height and width.
    pub kernel: [usize; 2],
    /// Stride along both axes.
    pub stride: usize,
    /// Groups of channels.
    pub groups: usize,
    /// Channels out.
    pub outputs: usize,
    /// Zeros before and behind each axis; half a kernel without.
    pub padding: Option<usize>,
    /// Distance of the kernel's elements.
    pub dilation: usize,
}

/// A shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A convolution.
    Convolution(Convolution),
    /// A matrix product.
    Matmul(MatmulLayer),
    /// Integers looked up in a range.
    Lookup {
        /// How many.
        values: usize,
        /// $\log_2$ of the range's length.
        bits: usize,
    },
    /// Columns committed together and opened at a point each.
    Opening {
        /// How many.
        columns: usize,
        /// Elements of each.
        length: usize,
        /// $\log_2$ of a committed row's length; without, about half of all variables.
        row_vars: Option<usize>,
    },
    /// A circuit of layers of one width.
    Gates {
        /// Gates of a layer.
        width: usize,
        /// Layers.
        depth: usize,
    },
}

const CONVOLUTION: &[Field] = &[
    Field::axes(&["channels", "height", "width"], 2),
    Field::required('k', &["kernel_height", "kernel_width"]),
    Field::option('s', &["stride"]),
    Field::option('g', &["groups"]),
    Field::option('o', &["outputs"]),
    Field::option('p', &["padding"]),
    Field::option('d', &["dilation"]),
];
const MATMUL: &[Field] = &[Field::axes(&["rows", "inner", "columns"], 3)];
const LOOKUP: &[Field] = &[Field::axes(&["values"], 1), Field::required('b', &["bits"])];
const OPENING: &[Field] = &[Field::axes(&["columns", "length"], 2), Field::option('w', &["row_vars"])];
const GATES: &[Field] = &[Field::axes(&["width", "depth"], 2)];

impl Kind {
    /// How a shape is written, with an example.
    pub const fn form(self) -> &'static str {
        match self {
            Self::Convolution => {
                "CHANNELSxHEIGHT[xWIDTH],kKERNEL[xWIDTH][,sSTRIDE][,gGROUPS][,oOUTPUTS][,pPADDING][,dDILATION], \
                 such as 16x32x32,k3,s2,g4"
            }
            Self::Matmul => "ROWSxINNERxCOLUMNS, such as 64x256x256",
            Self::Lookup => "VALUES,bBITS, such as 2^16,b8",
            Self::Opening => "COLUMNSxLENGTH[,wROWVARS], such as 8x2^16",
            Self::Gates => "WIDTHxDEPTH, such as 1024x8",
        }
    }

    /// What is measured where no shape is asked for.
    pub const fn default_shapes(self) -> &'static [&'static str] {
        match self {
            Self::Convolution => &["16x8..64*2,k3"],
            Self::Matmul => &["1x64/512x64/512", "1x4096x1000", "64x256x256", "512x512x512"],
            Self::Lookup => &["2^10..2^18*4,b8/16"],
            Self::Opening => &["1/8x2^10..2^18*4"],
            Self::Gates => &["2^6..2^12*4x4/16"],
        }
    }

    const fn fields(self) -> &'static [Field] {
        match self {
            Self::Convolution => CONVOLUTION,
            Self::Matmul => MATMUL,
            Self::Lookup => LOOKUP,
            Self::Opening => OPENING,
            Self::Gates => GATES,
        }
    }

    /// All shapes that a text stands for.
    ///
    /// # Errors
    /// What is wrong with it, and how it should be.
    pub fn parse(self, text: &str) -> Result<Vec<Shape>, String> {
        let rows = grammar::parse(self.fields(), text).map_err(|error| {
            format!(
                "`{text}`: {error}; a shape is {}, each number one, or a list 3/5, or a range 8..64*2",
                self.form()
            )
        })?;
        let shape = |row: Vec<Option<usize>>| {
            let shape = self.shape(&row).ok_or_else(|| format!("`{text}` is not {}", self.form()))?;
            shape.check().map_err(|error| format!("`{shape}`: {error}"))?;
            Ok(shape)
        };
        rows.into_iter().map(shape).collect()
    }

    /// From the numbers of all fields, in order; none when there are too few.
    fn shape(self, row: &[Option<usize>]) -> Option<Shape> {
        let at = |index: usize| row.get(index).copied().flatten();
        Some(match self {
            Self::Convolution => {
                let [channels, height, kernel] = [at(0)?, at(1)?, at(3)?];
                Shape::Convolution(Convolution {
                    channels,
                    image: [height, at(2).unwrap_or(height)],
                    kernel: [kernel, at(4).unwrap_or(kernel)],
                    stride: at(5).unwrap_or(1),
                    groups: at(6).unwrap_or(1),
                    outputs: at(7).unwrap_or(channels),
                    padding: at(8),
                    dilation: at(9).unwrap_or(1),
                })
            }
            Self::Matmul => {
                Shape::Matmul(MatmulLayer { num_rows: at(0)?, num_inner: at(1)?, num_columns: at(2)? })
            }
            Self::Lookup => Shape::Lookup { values: at(0)?, bits: at(1)? },
            Self::Opening => Shape::Opening { columns: at(0)?, length: at(1)?, row_vars: at(2) },
            Self::Gates => Shape::Gates { width: at(0)?, depth: at(1)? },
        })
    }
}

impl Convolution {
    /// As the arguments take it.
    ///
    /// # Errors
    /// When the window does not fit the input, or the groups the channels.
    pub fn layer(&self) -> Result<ConvolutionLayer, tacit_layers::Error> {
        let axis = |kernel: usize| {
            let padding = self.padding.unwrap_or(kernel / 2);
            let window = AxisWindow::new(kernel, self.stride).padded(padding, padding);
            AxisWindow { dilation: self.dilation, ..window }
        };
        let [height, width] = self.kernel.map(axis);
        let input = Layout::new(vec![self.channels, self.image[0], self.image[1]])?;
        let layer = ConvolutionLayer::grouped(Window2d { height, width }, self.outputs, input, self.groups)?;
        if self.outputs.checked_rem(self.groups) != Some(0) {
            let (groups, channels, outputs) = (self.groups, self.channels, self.outputs);
            return Err(tacit_layers::Error::Groups {
                layer: "convolution".to_owned(),
                groups,
                channels,
                outputs,
            });
        }
        Ok(layer)
    }
}

impl Shape {
    /// What it is the shape of.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Convolution(_) => Kind::Convolution,
            Self::Matmul(_) => Kind::Matmul,
            Self::Lookup { .. } => Kind::Lookup,
            Self::Opening { .. } => Kind::Opening,
            Self::Gates { .. } => Kind::Gates,
        }
    }

    /// Its numbers by name: the same names for all shapes of a kind.
    pub fn numbers(&self) -> Vec<(&'static str, Option<usize>)> {
        match *self {
            Self::Convolution(shape) => vec![
                ("channels", Some(shape.channels)),
                ("height", Some(shape.image[0])),
                ("width", Some(shape.image[1])),
                ("kernel_height", Some(shape.kernel[0])),
                ("kernel_width", Some(shape.kernel[1])),
                ("stride", Some(shape.stride)),
                ("groups", Some(shape.groups)),
                ("outputs", Some(shape.outputs)),
                ("padding", shape.padding),
                ("dilation", Some(shape.dilation)),
            ],
            Self::Matmul(MatmulLayer { num_rows, num_inner, num_columns }) => {
                vec![("rows", Some(num_rows)), ("inner", Some(num_inner)), ("columns", Some(num_columns))]
            }
            Self::Lookup { values, bits } => vec![("values", Some(values)), ("bits", Some(bits))],
            Self::Opening { columns, length, row_vars } => {
                vec![("columns", Some(columns)), ("length", Some(length)), ("row_vars", row_vars)]
            }
            Self::Gates { width, depth } => vec![("width", Some(width)), ("depth", Some(depth))],
        }
    }

    /// Refuses what nobody can measure.
    fn check(&self) -> Result<(), String> {
        let elements = match *self {
            Self::Convolution(shape) => {
                let layer = shape.layer().map_err(|error| error.to_string())?;
                [&layer.input, &layer.weights, &layer.output].map(Layout::num_elements).into_iter().max()
            }
            Self::Matmul(MatmulLayer { num_rows, num_inner, num_columns }) => {
                let matrices = [(num_rows, num_inner), (num_columns, num_inner), (num_rows, num_columns)]
                    .map(|(rows, columns)| rows.saturating_mul(columns));
                if matrices.contains(&0) { None } else { matrices.into_iter().max() }
            }
            Self::Lookup { values, bits } => {
                if !(1..=22).contains(&bits) {
                    return Err(format!("a range has 1 to 22 bits, not {bits}"));
                }
                Some(values)
            }
            Self::Opening { columns, length, row_vars } => {
                if row_vars.is_some_and(|row_vars| row_vars > 20) {
                    return Err("a row has at most 2^20 elements".to_owned());
                }
                Some(columns.saturating_mul(length))
            }
            Self::Gates { width, depth } => {
                if depth > MAX_LAYERS {
                    return Err(format!("a circuit has at most {MAX_LAYERS} layers"));
                }
                Some(width.saturating_mul(depth))
            }
        };
        match elements {
            Some(1..=MAX_ELEMENTS) => Ok(()),
            Some(0) | None => Err("it is empty".to_owned()),
            Some(elements) => {
                Err(format!("a tensor of {elements} elements; at most {MAX_ELEMENTS} are measured"))
            }
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Convolution(shape) => {
                write!(f, "{}x{}x{},k{}", shape.channels, shape.image[0], shape.image[1], shape.kernel[0])?;
                if shape.kernel[0] != shape.kernel[1] {
                    write!(f, "x{}", shape.kernel[1])?;
                }
                for (letter, number, usual) in [
                    ('s', shape.stride, 1),
                    ('g', shape.groups, 1),
                    ('o', shape.outputs, shape.channels),
                    ('d', shape.dilation, 1),
                ] {
                    if number != usual {
                        write!(f, ",{letter}{number}")?;
                    }
                }
                shape.padding.map_or(Ok(()), |padding| write!(f, ",p{padding}"))
            }
            Self::Matmul(layer) => {
                write!(f, "{}x{}x{}", layer.num_rows, layer.num_inner, layer.num_columns)
            }
            Self::Lookup { values, bits } => write!(f, "{values},b{bits}"),
            Self::Opening { columns, length, row_vars } => {
                write!(f, "{columns}x{length}")?;
                row_vars.map_or(Ok(()), |row_vars| write!(f, ",w{row_vars}"))
            }
            Self::Gates { width, depth } => write!(f, "{width}x{depth}"),
        }
    }
}
