//! External data: tensors whose elements are in files beside the model.
//!
//! A location is relative to the model's folder and stays inside it, symbolic links included: a model from a stranger reads
//! no other file.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Component, Path},
};

use tract_onnx::pb::{
    GraphProto, ModelProto, TensorProto,
    tensor_proto::{DataLocation, DataType},
};

use crate::error::Error;

/// Reads the elements of every external tensor into the model. Returns how many bytes that were.
///
/// # Errors
/// [`Error::ExternalData`] when a location is outside the model's folder, a file cannot be read or is too short, or the bytes
/// are not those of the tensor's shape.
pub(crate) fn read_external_data(proto: &mut ModelProto, path: &Path) -> Result<usize, Error> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    proto.graph.as_mut().map_or(Ok(0), |graph| read_graph(graph, folder))
}

fn read_graph(graph: &mut GraphProto, folder: &Path) -> Result<usize, Error> {
    let mut total = 0;
    for tensor in &mut graph.initializer {
        total += read_tensor(tensor, folder)?;
    }
    for attribute in graph.node.iter_mut().flat_map(|node| &mut node.attribute) {
        for tensor in attribute.t.iter_mut().chain(&mut attribute.tensors) {
            total += read_tensor(tensor, folder)?;
        }
        for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
            total += read_graph(graph, folder)?;
        }
    }
    Ok(total)
}

fn read_tensor(tensor: &mut TensorProto, folder: &Path) -> Result<usize, Error> {
    if tensor.data_location != Some(DataLocation::External as i32) {
        return Ok(0);
    }
    let location = entry(tensor, "location").unwrap_or_default().to_owned();
    let bytes = read_bytes(tensor, folder, &location).map_err(|reason| Error::ExternalData {
        tensor: tensor.name.clone(),
        location,
        reason,
    })?;
    let length = bytes.len();
    tensor.raw_data = bytes;
    tensor.data_location = None;
    tensor.external_data.clear();
    Ok(length)
}

fn entry<'a>(tensor: &'a TensorProto, key: &str) -> Option<&'a str> {
    tensor.external_data.iter().find(|entry| entry.key == key).map(|entry| &*entry.value)
}

fn number(tensor: &TensorProto, key: &str) -> Result<Option<u64>, String> {
    let text = entry(tensor, key);
    text.map(|text| text.parse().map_err(|_| format!("its {key} is no number"))).transpose()
}

fn read_bytes(tensor: &TensorProto, folder: &Path, location: &str) -> Result<Vec<u8>, String> {
    let relative = Path::new(location);
    let stays = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if location.is_empty() || !relative.components().all(stays) {
        return Err("a location must be a path inside the model's folder".to_owned());
    }
    let folder = folder.canonicalize().map_err(|error| error.to_string())?;
    let file = folder.join(relative).canonicalize().map_err(|error| error.to_string())?;
    if !file.starts_with(&folder) {
        return Err("it leads outside the model's folder".to_owned());
    }
    let mut file = File::open(&file).map_err(|error| error.to_string())?;
    let size = file.metadata().map_err(|error| error.to_string())?.len();
    let offset = number(tensor, "offset")?.unwrap_or(0);
    let rest = size.checked_sub(offset).ok_or("its offset is behind the file's end")?;
    let length = number(tensor, "length")?.unwrap_or(rest);
    if length > rest {
        return Err(format!("it has {rest} bytes from offset {offset} on, the model says {length}"));
    }
    if let Some(expected) = num_bytes(tensor)
        && expected != length
    {
        return Err(format!("it has {length} bytes for a tensor of {expected}"));
    }
    let mut bytes = vec![];
    file.seek(SeekFrom::Start(offset)).map_err(|error| error.to_string())?;
    file.take(length).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// The bytes of a tensor of this shape and type; nothing where its type has no whole bytes.
fn num_bytes(tensor: &TensorProto) -> Option<u64> {
    let size = match DataType::try_from(tensor.data_type).ok()? {
        DataType::Bool | DataType::Uint8 | DataType::Int8 => 1,
        DataType::Uint16 | DataType::Int16 | DataType::Float16 | DataType::Bfloat16 => 2,
        DataType::Uint32 | DataType::Int32 | DataType::Float => 4,
        DataType::Uint64 | DataType::Int64 | DataType::Double => 8,
        _ => return None,
    };
    tensor.dims.iter().try_fold(size, |product: u64, &axis| product.checked_mul(u64::try_from(axis).ok()?))
}
