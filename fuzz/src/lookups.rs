//! Look-ups by themselves, of tables, shapes and integers that are drawn.

use std::ops::Range as Bytes;

use tacit_layers::{Layout, Tensor, argument::hyrax::Hyrax, proof::lookup::PaddedTable};
use tacit_prover::{
    Commitments, Error,
    hyrax::Columns,
    logup::{Lookup, ProveLookup, Range, Table, TableKind},
};
use tacit_transcript::{ProofReader, ProofWriter, labels};
use tacit_verifier::{Commitments as _, hyrax, logup::VerifyLookup};

use crate::{
    proofs::{mutate, nudged},
    script::Script,
};

const DOMAIN: &[u8] = b"fuzzed look-ups";
/// Larger ranges take memory that no byte pays for.
const MAX_ROWS: i64 = 1 << 10;

fn table(script: &mut Script) -> Option<TableKind> {
    if script.byte().is_multiple_of(2) {
        let minimum = script.number() as i64;
        let maximum = minimum.wrapping_add(script.number() as i64);
        let is_small = maximum.checked_sub(minimum).is_none_or(|length| length < MAX_ROWS);
        return Range::new(minimum..=maximum).ok().filter(|_| is_small).map(TableKind::from);
    }
    let (num_columns, num_rows) = (script.index(5), script.index(12));
    let element = |script: &mut Script| script.number() as i64;
    let columns = (0..num_columns).map(|_| (0..num_rows).map(|_| element(script)).collect()).collect();
    Table::new(columns).ok().map(TableKind::from)
}

fn description(script: &mut Script) -> Option<Lookup> {
    let tables: Vec<TableKind> = (0..=script.index(3)).map(|_| table(script)).collect::<Option<_>>()?;
    let input = |script: &mut Script| {
        let axes = (0..script.index(4)).map(|_| script.index(6)).collect();
        Some((script.index(tables.len() + 1), Layout::new(axes).ok()?))
    };
    let inputs = (0..=script.index(4)).map(|_| input(script)).collect::<Option<_>>()?;
    Lookup::new(tables, inputs).ok()
}

/// The rows that may be looked up.
fn rows(table: &PaddedTable) -> Vec<Vec<i64>> {
    match table.kind() {
        TableKind::Range(range) => (range.bounds().0..=range.bounds().1).map(|x| vec![x]).collect(),
        TableKind::Table(table) => {
            let row = |row: usize| table.columns().iter().map(|column| column[row]).collect();
            (0..table.num_rows()).map(row).collect()
        }
    }
}

/// Whether what a proof says is accepted.
fn is_accepted(lookup: &Lookup, layouts: &[&Layout], scheme: &Hyrax, proof: &[u8]) -> bool {
    let mut reader = ProofReader::new(DOMAIN, proof);
    let mut columns = hyrax::Columns::new(scheme.clone());
    columns.read(&mut reader, labels::COMMITMENT, layouts).is_ok_and(|()| {
        lookup.verifier().verify(&mut reader, &mut columns).is_ok_and(|claims| {
            let claims = claims.into_claims_on(|column| lookup.number(column));
            columns.verify(&mut reader, &claims).is_ok() && reader.finish().is_ok()
        })
    })
}

/// Rows of their tables are proved and accepted, others refused; nothing but the proof itself is accepted.
pub(crate) fn lookups(data: &[u8]) {
    let mut script = Script::new(data);
    let Some(lookup) = description(&mut script) else { return };
    let mut tensors = vec![];
    let mut is_true = true;
    for (table, layout) in lookup.inputs() {
        let known = rows(&lookup.tables()[table]);
        let chosen: Vec<&Vec<i64>> =
            (0..layout.num_elements()).map(|_| &known[script.index(known.len())]).collect();
        let column = |column: usize| chosen.iter().map(|row| row[column]).collect();
        let mut own: Vec<Tensor<i64>> =
            (0..known[0].len()).map(|index| Tensor::new(layout.clone(), column(index)).unwrap()).collect();
        if script.byte() % 8 == 1 {
            let at = script.index(own.len());
            own[at] = nudged(&mut script, &own[at]);
        }
        let row = |i: usize| own.iter().map(|tensor| tensor.data()[i]).collect::<Vec<i64>>();
        is_true &= (0..layout.num_elements()).all(|i| known.contains(&row(i)));
        tensors.extend(own);
    }
    let borrowed: Vec<&Tensor<i64>> = tensors.iter().collect();
    let prover = match lookup.prover(&borrowed) {
        Ok(prover) => prover,
        Err(error) => {
            assert!(!is_true && matches!(error, Error::NotInTable { .. }), "{error}");
            return;
        }
    };
    assert!(is_true);
    let Ok(scheme) = Hyrax::new(3) else { unreachable!("a few generators") };
    let mut writer = ProofWriter::new(DOMAIN);
    let mut columns = Columns::new(scheme.clone());
    let committed: Vec<_> = borrowed.iter().map(|&tensor| tensor.into()).collect();
    columns.commit(&mut writer, labels::COMMITMENT, &committed).unwrap();
    let claims = prover.prove(&mut writer, &mut columns).unwrap();
    columns.open(&mut writer, &claims.into_claims_on(|column| lookup.number(column))).unwrap();
    let mut end = 0;
    let messages = writer.messages().iter().map(|(_, bytes)| {
        end += bytes;
        end - bytes..end
    });
    let messages: Vec<Bytes<usize>> = messages.collect();
    let proof = writer.finish();
    let layouts: Vec<&Layout> = tensors.iter().map(Tensor::layout).collect();
    assert!(is_accepted(&lookup, &layouts, &scheme, &proof));
    let mut changed = proof.clone();
    for _ in 0..4 {
        if script.is_empty() {
            break;
        }
        mutate(&mut script, &messages, scheme.generators().vector(), &mut changed);
    }
    assert_eq!(is_accepted(&lookup, &layouts, &scheme, &changed), changed == proof);
    assert!(!is_accepted(&lookup, &layouts, &scheme, data));
}
