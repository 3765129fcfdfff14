use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn row(version: u8, used_from: i64) -> SecretVersion {
    SecretVersion {
        version,
        value: Zeroizing::new(format!("secret {version} of the installation").into_bytes()),
        used_from: Timestamp::from_millis(used_from),
    }
}

fn keys() -> RefreshKeys {
    RefreshKeys::new(&[row(0, 0)])
}

fn secret(format: TokenFormat) -> RefreshSecret {
    RefreshSecret { bytes: [7; 32], format }
}

fn salted(version: u8, salt: u8) -> Derivation {
    Derivation { version, salt: Some(Salt([salt; 16])) }
}

#[test]
fn a_token_is_read_as_it_was_written_in_either_form() {
    for (format, length) in [(TokenFormat::Version(0), 76), (TokenFormat::WithoutVersion, 75)] {
        let token = keys().write(SessionId(42), &secret(format)).unwrap();

        let presented = keys().read(&token).unwrap();

        assert_eq!(token.expose().len(), length);
        assert_eq!(presented.session_id, SessionId(42));
        assert_eq!(presented.secret.hash(), secret(format).hash());
        assert_eq!(presented.secret.format, format);
    }
}

#[test]
fn a_successor_depends_on_session_secret_salt_and_version() {
    let keys = RefreshKeys::new(&[row(0, 0), row(1, 0)]);
    let derived = |session, derivation| {
        keys.derive(SessionId(session), &secret(TokenFormat::Version(0)), &[derivation]).unwrap().hash()
    };
    let one = derived(1, salted(0, 1));

    assert_eq!(derived(1, salted(0, 1)), one);
    for other in [
        derived(2, salted(0, 1)),
        derived(1, salted(0, 2)),
        derived(1, salted(1, 1)),
        derived(1, Derivation { version: 0, salt: None }),
        secret(TokenFormat::Version(0)).hash(),
    ] {
        assert_ne!(other, one);
    }
}

#[test]
fn derivations_lead_to_what_was_proposed_step_by_step() {
    let keys = keys();
    let start = Presented { session_id: SessionId(1), secret: secret(TokenFormat::WithoutVersion) };

    let first = keys.propose(&start, Salt([1; 16]), NOW).unwrap();
    let after = Presented { secret: first.secret.clone(), ..start.clone() };
    let second = keys.propose(&after, Salt([2; 16]), NOW).unwrap();

    let derivations = [first.derivation, second.derivation];
    let derived = keys.derive(SessionId(1), &start.secret, &derivations).unwrap();
    assert_eq!(derived.hash(), second.secret.hash());
    let token = |secret| keys.write(SessionId(1), secret).unwrap().expose().to_owned();
    assert_eq!(token(&derived), token(&second.secret));
}

#[test]
fn the_newest_version_that_is_used_makes_tokens_and_all_are_read() {
    let first = RefreshKeys::new(&[row(0, 0)]);
    let both = RefreshKeys::new(&[row(0, 0), row(1, 1_000_000)]);
    let last = RefreshKeys::new(&[row(1, 1_000_000)]);
    let before = Timestamp::from_millis(999_999);
    let write =
        |keys: &RefreshKeys, now| keys.write(SessionId(1), &keys.first([7; 32], now).unwrap()).unwrap();

    let (old, new) = (write(&both, before), write(&both, NOW));

    let (old_read, new_read) = (both.read(&old).unwrap(), both.read(&new).unwrap());
    assert_eq!((old_read.secret.version(), new_read.secret.version()), (0, 1));
    assert!(first.read(&old).is_some() && first.read(&new).is_none());
    assert!(last.read(&old).is_none() && last.read(&new).is_some());
    // The successor of an old token has the new version.
    assert_eq!(both.propose(&old_read, Salt([1; 16]), NOW).unwrap().secret.version(), 1);
    assert!(last.derive(SessionId(1), &old_read.secret, &[salted(0, 1)]).is_none());
    // If the clock was set back before the only version, the server still uses it.
    assert_eq!(last.first([7; 32], before).unwrap().version(), 1);
    assert!(RefreshKeys::new(&[]).first([7; 32], NOW).is_none());
}

#[test]
fn a_token_of_one_version_is_none_of_another() {
    let both = RefreshKeys::new(&[row(0, 0), row(1, 0)]);
    let token = both.write(SessionId(1), &secret(TokenFormat::Version(1))).unwrap();
    let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(token.expose()).unwrap();

    bytes[0] = 0;

    assert!(both.read(&RefreshToken::new(BASE64_URL_SAFE_NO_PAD.encode(&bytes))).is_none());
    // Nor without its version.
    assert!(both.read(&RefreshToken::new(BASE64_URL_SAFE_NO_PAD.encode(&bytes[1..]))).is_none());
}

#[test]
fn nothing_but_our_own_tokens_can_be_read() {
    for format in [TokenFormat::Version(0), TokenFormat::WithoutVersion] {
        let token = keys().write(SessionId(42), &secret(format)).unwrap();
        let text = token.expose();
        let stranger = SecretVersion { value: Zeroizing::new(b"another".to_vec()), ..row(0, 0) };
        let other = RefreshKeys::new(&[stranger]).write(SessionId(42), &secret(format)).unwrap();

        assert!(keys().read(&other).is_none());
        for index in 0..text.len() {
            let mut changed = text.as_bytes().to_vec();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = RefreshToken::new(String::from_utf8(changed).unwrap());
            assert!(keys().read(&changed).is_none(), "{index}");
            assert!(keys().read(&RefreshToken::new(text[..index].to_owned())).is_none());
        }
        for text in [format!("{text}A"), format!("{text}="), "x".repeat(10_000), "é".to_owned()] {
            assert!(keys().read(&RefreshToken::new(text)).is_none());
        }
    }
}

#[test]
fn debug_output_hides_the_secret() {
    assert!(!format!("{:?}", secret(TokenFormat::Version(0))).contains('7'));
}
