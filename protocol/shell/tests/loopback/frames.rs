//! Frames that are refused because of their bytes: `vectors/bad_frames.json`, in the form of the core's vector files.

use super::world::World;
use quinn::Connection;
use serde_json::Value;

/// The bytes answered to a frame on a stream of its own, whose sending end is then finished.
async fn answer(connection: &Connection, frame: &Value) -> Vec<u8> {
    let (mut send, mut recv) = connection.open_bi().await.unwrap();
    send.write_all(&hex::decode(frame.as_str().unwrap()).unwrap()).await.unwrap();
    let _ = send.finish();
    recv.read_to_end(4_096).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_frames_are_refused_and_the_connection_lives() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/bad_frames.json")).unwrap();
    let world = World::new();
    let connection = world.raw_member().await;
    for vector in vectors.as_array().unwrap() {
        let good = &vector["fields"]["frame"];
        let bad = vector["bad"].as_array().unwrap();
        assert!(!bad.is_empty());
        for bad in bad {
            let seen = answer(&connection, &bad["change"]["frame"]).await;
            assert_eq!(seen[..2], [0xFF, 0xFF], "{} is refused", bad["name"]);
            let code = format!("S{:04X}", u16::from_le_bytes([seen[6], seen[7]]));
            assert_eq!(bad["code"], code, "{}: {}", bad["name"], bad["why"]);
            let again = answer(&connection, good).await;
            assert_eq!(again[..2], [0, 0], "after {} the good frame is answered", bad["name"]);
        }
    }
    assert!(connection.close_reason().is_none());
    world.server.stop().await;
}
