//! The proving key: a network with the commitment to its parameters.
//!
//! As a file: eight bytes `TACITPK\n`, the format version (u32), a block with the network in postcard, a byte that is one
//! for a private model, and the parameters' row commitments; behind them what a private model's are blinded by.

use std::borrow::Cow;
use tacit_inference::interval::analyse;

use ark_bn254::Fr;
use ark_ff::Zero;
use tacit_algebra::generators::Generators;
use tacit_layers::{
    Network, VerifyingKey,
    proof::{
        file::{block_length, decode, encode, file_header, join, open_file, take_block},
        key::{read_commitments, take_privacy},
        model::CommittedModel,
        plan::Plan,
    },
};
use tacit_transcript::encoding::point_to_bytes;
use zeroize::Zeroizing;

use crate::{
    buffers::Buffers,
    error::{Error, Result},
    hyrax,
    opening::{CommittedTensor, ProverScheme, Shares},
    seed::{Seed, scalars_from_bytes, scalars_to_bytes},
};

/// First bytes of a proving key.
pub const MAGIC: &[u8; 8] = b"TACITPK\n";
const WHAT: &str = "compiled model";

fn damaged(reason: &'static str) -> Error {
    tacit_layers::Error::Damaged { what: WHAT, reason }.into()
}

fn read_blinding(bytes: &[u8]) -> Result<Zeroizing<Vec<Fr>>> {
    scalars_from_bytes(bytes).ok_or_else(|| damaged("a blinding is not a reduced field element"))
}

/// Computes a network's ranges and its plan.
fn analysed(network: &mut Network) -> Result<Plan> {
    analyse(network)?;
    network.infer()?;
    Ok(Plan::new(&network.architecture)?)
}

/// The parameters as tensors to commit to, in the plan's order.
pub(crate) fn parameter_tensors<'a>(network: &'a Network, plan: &'a Plan) -> Vec<CommittedTensor<'a>> {
    plan.parameters
        .iter()
        .zip(&network.parameters)
        .map(|(column, parameter)| CommittedTensor { layout: &column.layout, values: parameter.into() })
        .collect()
}

/// A public network committed to under any scheme, for proofs that hide nothing.
#[derive(Debug, Clone)]
pub struct PlainKey<S: ProverScheme> {
    network: Network,
    model: CommittedModel<S>,
    /// Memory that one proof leaves to the next.
    pub(crate) buffers: Buffers,
}

impl<S: ProverScheme> PlainKey<S> {
    /// Commits to a network's parameters under the scheme that belongs to its plan.
    ///
    /// # Errors
    /// What [`analyse`] finds.
    pub fn setup(
        mut network: Network,
        scheme: impl FnOnce(&Plan) -> tacit_layers::error::Result<S>,
    ) -> Result<Self> {
        let plan = analysed(&mut network)?;
        let scheme = scheme(&plan)?;
        let tensors = parameter_tensors(&network, &plan);
        let commitment = scheme.commit(&tensors, &mut Shares::new(tensors.len()))?;
        let model = CommittedModel::new(network.architecture.clone(), |_| Ok(scheme), commitment)?;
        Ok(Self { network, model, buffers: Buffers::default() })
    }

    /// The network.
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// What verifiers need.
    pub const fn model(&self) -> &CommittedModel<S> {
        &self.model
    }
}

/// A network and its verifying key. What blinds a private model is overwritten when it is dropped.
#[derive(Clone)]
pub struct ProvingKey {
    network: Network,
    verifying_key: VerifyingKey,
    /// Memory that one proof leaves to the next.
    pub(crate) buffers: Buffers,
    /// What the parameters' row commitments are blinded by; empty for a public model.
    pub(crate) blinding: Zeroizing<Vec<Fr>>,
}

impl ProvingKey {
    /// Commits to a network's parameters.
    ///
    /// # Errors
    /// What [`analyse`] finds.
    pub fn setup(network: Network) -> Result<Self> {
        Self::commit(network, None)
    }

    /// Commits to a private model's parameters: the verifying key says nothing of them but what is in the architecture, and
    /// proofs hide them. The architecture has multipliers, which follow from the scales of weights, and the exact bounds of
    /// quotients, which follow from sums of magnitudes of a channel's weights: a guess of a layer's parameters can be
    /// checked against them.
    ///
    /// # Errors
    /// What [`analyse`] finds.
    pub fn setup_private(network: Network, seed: &Seed) -> Result<Self> {
        Self::commit(network, Some(seed))
    }

    fn commit(mut network: Network, seed: Option<&Seed>) -> Result<Self> {
        let plan = analysed(&mut network)?;
        let generators = Generators::new(plan.key_vars)?;
        let mut commitments = hyrax::commit(&parameter_tensors(&network, &plan), &generators);
        let architecture = network.architecture.clone();
        let (verifying_key, blinding) = match seed {
            None => (VerifyingKey::new(architecture, commitments)?, Zeroizing::default()),
            Some(seed) => {
                let encoded = encode(&network, WHAT)?;
                let secret = std::iter::once(encoded.as_slice());
                let blinding = Zeroizing::new(seed.scalars(b"model", secret, commitments.len()));
                hyrax::blind_rows(&mut commitments, &blinding, &generators);
                (VerifyingKey::private(architecture, commitments)?, blinding)
            }
        };
        Ok(Self { network, verifying_key, buffers: Buffers::default(), blinding })
    }

    /// The network.
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// What verifiers need.
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying_key
    }

    /// What the parameters' row commitments are blinded by: zeros for a public model.
    pub(crate) fn row_blinding(&self) -> Cow<'_, [Fr]> {
        if self.verifying_key.is_private() {
            Cow::Borrowed(&self.blinding)
        } else {
            Cow::Owned(vec![Fr::zero(); self.verifying_key.commitments().len()])
        }
    }

    /// The commitment generators.
    pub fn generators(&self) -> &Generators {
        self.verifying_key.generators()
    }

    /// The key as a file, overwritten when it is dropped: a private model's is a secret.
    ///
    /// # Errors
    /// When the network does not serialise.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>> {
        let network = encode(&self.network, WHAT)?;
        let rows: Vec<u8> = self.verifying_key.commitments().iter().flat_map(point_to_bytes).collect();
        let is_private = [u8::from(self.verifying_key.is_private())];
        let blinding = scalars_to_bytes(&self.blinding);
        Ok(join(&[&file_header(MAGIC), &block_length(&network), &network, &is_private, &rows, &blinding]))
    }

    /// The key in a file. Its commitments are taken as they are: a proof made with others than the network's is
    /// rejected by every verifier.
    ///
    /// # Errors
    /// When the file is another one, damaged, or its network breaks a rule.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (encoded, rows) = take_block(open_file(bytes, MAGIC, WHAT)?, WHAT)?;
        let mut network: Network = decode(encoded, WHAT)?;
        let declared = network.architecture.clone();
        network.check_size(&network.infer()?)?;
        analyse(&mut network)?;
        if network.architecture != declared {
            return Err(damaged("its ranges are not its network's"));
        }
        let (is_private, rows) = take_privacy(rows, WHAT)?;
        let architecture = network.architecture.clone();
        let (verifying_key, blinding) = if is_private {
            // As many blindings as rows, of the same size.
            let (rows, encoded) = rows.split_at(rows.len() / 2);
            let commitments = read_commitments(&architecture, rows, WHAT)?;
            (VerifyingKey::private(architecture, commitments)?, read_blinding(encoded)?)
        } else {
            let commitments = read_commitments(&architecture, rows, WHAT)?;
            (VerifyingKey::new(architecture, commitments)?, Zeroizing::default())
        };
        if blinding.len() != usize::from(is_private) * verifying_key.commitments().len() {
            return Err(damaged("it has another number of blindings"));
        }
        Ok(Self { network, verifying_key, buffers: Buffers::default(), blinding })
    }
}

impl std::fmt::Debug for ProvingKey {
    /// Shows what everybody may know.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProvingKey").field("verifying_key", &self.verifying_key).finish_non_exhaustive()
    }
}
