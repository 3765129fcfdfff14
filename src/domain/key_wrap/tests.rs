use super::*;

const KEY_A: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const KEY_B: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const SECRET: &[u8] = b"thirty-two bytes that are secret";

fn wrap(key: &str) -> KeyWrap {
    KeyWrap::parse(key).unwrap()
}

fn signing_key(kid: &str, algorithm: Algorithm) -> SecretLocation {
    SecretLocation::SigningKey { kid: kid.to_owned(), algorithm }
}

fn secret(name: &str) -> SecretLocation {
    SecretLocation::Secret { name: name.to_owned() }
}

#[test]
fn what_was_wrapped_is_read_again_and_never_looks_the_same() {
    let wrap = wrap(KEY_A);

    let (one, other) =
        (wrap.wrap(&secret("refresh"), SECRET).unwrap(), wrap.wrap(&secret("refresh"), SECRET).unwrap());

    assert_eq!(&**wrap.open(&secret("refresh"), &one).unwrap(), SECRET);
    assert_ne!(one, other);
    assert_eq!(one.wrapped_by(), wrap.key_id());
    assert_eq!(one.as_column().len(), 8 + 8 + 12 + SECRET.len() + 16);
    assert!(!one.as_column().windows(8).any(|bytes| SECRET.starts_with(bytes)));
}

#[test]
fn without_a_key_secrets_are_stored_as_they_are() {
    let clear = KeyWrap::in_the_clear();

    let stored = clear.wrap(&secret("refresh"), SECRET).unwrap();

    assert_eq!((stored.as_column(), stored.wrapped_by()), (SECRET, None));
    assert_eq!(&**clear.open(&secret("refresh"), &stored).unwrap(), SECRET);
}

#[test]
fn a_wrapped_secret_is_refused_in_any_other_row() {
    let wrap = wrap(KEY_A);
    let places = [
        signing_key("a", Algorithm::Es256),
        signing_key("a", Algorithm::Hs256),
        signing_key("b", Algorithm::Es256),
        signing_key("", Algorithm::Es256),
        secret("a"),
        secret("b"),
    ];
    for (index, own) in places.iter().enumerate() {
        let stored = wrap.wrap(own, SECRET).unwrap();
        for (other_index, other) in places.iter().enumerate() {
            let opened = wrap.open(other, &stored);

            if index == other_index {
                assert!(opened.is_ok(), "{own}");
            } else {
                assert_eq!(opened, Err(OpenError::Damaged { location: other.clone() }), "{own}");
            }
        }
    }
}

#[test]
fn every_changed_or_missing_byte_is_noticed() {
    let (wrap, location) = (wrap(KEY_A), secret("refresh"));
    let stored = wrap.wrap(&location, SECRET).unwrap();
    let bytes = stored.as_column();
    for index in 0..bytes.len() {
        let mut changed = bytes.to_vec();
        changed[index] ^= 1;
        let shortened = StoredSecret::from_column(bytes[..index].to_vec());

        assert!(wrap.open(&location, &StoredSecret::from_column(changed)).is_err(), "{index}");
        assert!(wrap.open(&location, &shortened).is_err(), "{index}");
    }
}

#[test]
fn a_wrong_key_a_missing_key_and_a_key_too_many_are_told_apart() {
    let (a, b, clear) = (wrap(KEY_A), wrap(KEY_B), KeyWrap::in_the_clear());
    let location = secret("refresh");
    let (by_a, plain) = (a.wrap(&location, SECRET).unwrap(), clear.wrap(&location, SECRET).unwrap());
    let (id_a, id_b) = (a.key_id().unwrap(), b.key_id().unwrap());

    assert_eq!(
        b.open(&location, &by_a),
        Err(OpenError::OtherKey { location: location.clone(), wrapped_by: id_a, given: id_b })
    );
    assert_eq!(
        clear.open(&location, &by_a),
        Err(OpenError::KeyMissing { location: location.clone(), wrapped_by: id_a })
    );
    assert_eq!(a.open(&location, &plain), Err(OpenError::InTheClear { location: location.clone() }));
}

#[test]
fn a_key_is_32_bytes_in_base64_or_hex() {
    let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
    assert_eq!(wrap(KEY_A).key_id(), wrap(hex).key_id(), "the same key, written differently");
    assert_ne!(wrap(KEY_A).key_id(), wrap(KEY_B).key_id());
    for bad in [
        "",
        "short",
        &KEY_A[1..],
        &hex[1..],
        &hex[2..],
        &format!("{KEY_A}\n{KEY_A}"),
        &format!(" {KEY_A}"),
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g",
        "+0+1+2+3+4+5+6+7+8+9+a+b+c+d+e+f10111213141516171819+a+b+c+d+e+f",
    ] {
        assert!(KeyWrap::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn neither_key_nor_secret_is_in_debug_output() {
    let (wrap, clear) = (wrap(KEY_A), KeyWrap::in_the_clear());
    let stored = [&wrap, &clear].map(|wrap| wrap.wrap(&secret("refresh"), SECRET).unwrap());

    let shown = format!("{wrap:?} {stored:?}");

    assert!(!shown.contains("thirty") && !shown.contains("116, 104"), "{shown}");
    assert!(shown.contains("in the clear") && shown.contains(&wrap.key_id().unwrap().to_string()), "{shown}");
}
