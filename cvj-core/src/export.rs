//! stub
pub(crate) fn panic_text(payload: Box<dyn std::any::Any + Send>) -> String { let t = payload.downcast_ref::<&str>().map(|s| (*s).to_owned()).or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned()); std::mem::forget(payload); t }
