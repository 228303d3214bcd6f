use ndarray::{Array1, Array2, ShapeBuilder};
use ndarray_npy::WriteNpyExt;

use super::*;

fn file<T: ndarray_npy::WritableElement>(array: &ndarray::ArrayD<T>) -> Vec<u8> {
    let mut bytes = vec![];
    array.write_npy(&mut bytes).unwrap();
    bytes
}

#[test]
fn reads_every_supported_element_type_as_the_same_numbers() {
    let expected = Array { shape: vec![3], values: vec![0.0, 1.0, 7.0] };
    let files = [
        file(&Array1::from(vec![0_f32, 1.0, 7.0]).into_dyn()),
        file(&Array1::from(vec![0_f64, 1.0, 7.0]).into_dyn()),
        file(&Array1::from(vec![0_u8, 1, 7]).into_dyn()),
        file(&Array1::from(vec![0_i8, 1, 7]).into_dyn()),
        file(&Array1::from(vec![0_i32, 1, 7]).into_dyn()),
        file(&Array1::from(vec![0_i64, 1, 7]).into_dyn()),
    ];
    for bytes in &files {
        assert_eq!(parse_reals(bytes).unwrap(), expected);
    }
    for bytes in &files[2..] {
        assert_eq!(parse_classes(bytes).unwrap(), [0, 1, 7]);
    }
}

#[test]
fn reads_column_major_arrays_in_row_major_order() {
    let rows = Array2::from_shape_vec((2, 3).f(), vec![0_f32, 3.0, 1.0, 4.0, 2.0, 5.0]).unwrap();
    let array = parse_reals(&file(&rows.into_dyn())).unwrap();
    assert_eq!(array, Array { shape: vec![2, 3], values: vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0] });
}

#[test]
fn reads_what_it_writes() {
    let array = Array { shape: vec![2, 2], values: vec![0.5, -1.0, 3.25, 1e9] };
    assert_eq!(parse_reals(&to_bytes(array.clone()).unwrap()).unwrap(), array);
}

#[test]
fn refuses_files_that_are_cut_short_or_go_on() {
    let bytes = file(&Array1::from(vec![0_f32, 1.0, 7.0]).into_dyn());
    // A header of two gigabytes, and one of sixty kilobytes.
    let (mut huge, mut long) = (bytes.clone(), bytes.clone());
    huge[6..12].copy_from_slice(&[2, 0, 0, 0, 0, 0x7f]);
    long[8..10].copy_from_slice(&[0, 0xf0]);
    for broken in
        [&huge[..], &long, &bytes[..bytes.len() - 1], &bytes[..20], b"", &[&bytes[..], b"x"].concat()]
    {
        assert!(parse_reals(broken).unwrap_err().to_string().starts_with("it "));
    }
}

/// The library's parser would take time exponential in the depth of these.
#[test]
fn refuses_headers_with_nested_brackets() {
    for shape in ["(2,(2,))", "{{}}", "[[2]]"] {
        let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
        let length = u16::try_from(header.len()).unwrap().to_le_bytes();
        let bytes = [b"\x93NUMPY\x01\x00".as_slice(), &length, header.as_bytes(), &[0; 16]].concat();
        assert!(parse_reals(&bytes).unwrap_err().to_string().contains("simple array"), "{shape}");
    }
    // Brackets among the elements are numbers.
    let bytes = file(&Array1::from(b"(((({{{{[[[[".to_vec()).into_dyn());
    assert_eq!(parse_reals(&bytes).unwrap().values[..5], [40.0, 40.0, 40.0, 40.0, 123.0]);
}

#[test]
fn refuses_classes_that_are_negative_or_not_a_list() {
    let error = |bytes: &[u8]| parse_classes(bytes).unwrap_err().to_string();
    assert!(error(&file(&Array1::from(vec![0_i64, -1]).into_dyn())).contains("position 1"));
    assert!(error(&file(&Array2::<i64>::zeros((2, 2)).into_dyn())).contains("[2, 2]"));
    assert!(error(&file(&Array1::from(vec![0_f32]).into_dyn())).contains("<f4"));
}
