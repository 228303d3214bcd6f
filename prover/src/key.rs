//! The proving key: a network with the commitment to its parameters.
//!
//! As a file: eight bytes `TACITPK\n`, the format version (u32), a block with the network in postcard, and the
//! parameters' row commitments.

use tacit_algebra::generators::Generators;
use tacit_layers::{
    Network, VerifyingKey,
    key::{block, decode, encode, file_header, open_file, read_commitments, take_block},
    plan::Plan,
};
use tacit_transcript::encoding::point_to_bytes;

use crate::{
    buffers::Buffers,
    error::Result,
    hyrax::{self, CommittedTensor},
};

/// First bytes of a proving key.
pub const MAGIC: &[u8; 8] = b"TACITPK\n";
const WHAT: &str = "compiled model";

/// A network and its verifying key.
#[derive(Debug, Clone)]
pub struct ProvingKey {
    network: Network,
    verifying_key: VerifyingKey,
    /// Memory that one proof leaves to the next.
    pub(crate) buffers: Buffers,
}

impl ProvingKey {
    /// Commits to a network's parameters.
    ///
    /// # Errors
    /// What [`Network::analyse`] finds.
    pub fn setup(mut network: Network) -> Result<Self> {
        network.analyse()?;
        network.infer()?;
        let plan = Plan::new(&network.architecture)?;
        let generators = Generators::new(plan.key_vars);
        let tensors: Vec<CommittedTensor> = plan
            .parameters
            .iter()
            .zip(&network.parameters)
            .map(|(column, parameter)| CommittedTensor { layout: &column.layout, values: parameter.into() })
            .collect();
        let commitments = hyrax::commit(&tensors, &generators);
        let verifying_key = VerifyingKey::new(network.architecture.clone(), commitments)?;
        Ok(Self { network, verifying_key, buffers: Buffers::default() })
    }

    /// The network.
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// What verifiers need.
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying_key
    }

    /// The commitment generators.
    pub fn generators(&self) -> &Generators {
        self.verifying_key.generators()
    }

    /// The key as a file.
    ///
    /// # Errors
    /// When the network does not serialise.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = file_header(MAGIC);
        bytes.extend(block(&encode(&self.network, WHAT)?));
        bytes.extend(self.verifying_key.commitments().iter().flat_map(point_to_bytes));
        Ok(bytes)
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
        network.infer()?;
        network.analyse()?;
        if network.architecture != declared {
            return Err(tacit_layers::Error::Damaged {
                what: WHAT,
                reason: "its ranges are not its network's",
            }
            .into());
        }
        let commitments = read_commitments(&network.architecture, rows, WHAT)?;
        let verifying_key = VerifyingKey::new(network.architecture.clone(), commitments)?;
        Ok(Self { network, verifying_key, buffers: Buffers::default() })
    }
}
