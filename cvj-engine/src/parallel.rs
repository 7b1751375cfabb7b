//! Reading the streams of a scan beside each other.

use std::sync::{Mutex, PoisonError};

use arrow_array::RecordBatch;
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use tokio::runtime::Handle;

/// Stack of a reading thread: expressions are evaluated by recursion, which is deep without optimisation.
const STACK: usize = 16 << 20;

/// Reads all streams, on as many threads as there are processors, each into a pass of its own. Of several failures that of the
/// first stream is told, so that it does not depend on who was faster.
pub(crate) fn read_all<P: Send>(
    streams: Vec<SendableRecordBatchStream>,
    new_pass: impl Fn() -> P + Sync,
    take_batch: impl Fn(&mut P, &RecordBatch) -> DataFusionResult<()> + Sync,
) -> DataFusionResult<Vec<P>> {
    let runtime = Handle::current();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(streams.len());
    let waiting = Mutex::new(streams.into_iter().enumerate());
    let failure: Mutex<Option<(usize, DataFusionError)>> = Mutex::new(None);
    let failed_before = |number: usize| {
        let failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.as_ref().is_some_and(|(failed, _)| *failed < number)
    };
    let take = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || {
        let mut pass = new_pass();
        while let Some((number, mut stream)) = take() {
            while !failed_before(number)
                && let Some(batch) = runtime.block_on(stream.next())
            {
                if let Err(error) = batch.and_then(|batch| take_batch(&mut pass, &batch)) {
                    let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
                    if failure.as_ref().is_none_or(|(failed, _)| number < *failed) {
                        *failure = Some((number, error));
                    }
                    break;
                }
            }
        }
        pass
    };
    let passes = std::thread::scope(|scope| {
        let threads: std::io::Result<Vec<_>> =
            (0..threads).map(|_| std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run)).collect();
        let threads = threads.map_err(|error| DataFusionError::Internal(format!("no thread could be started: {error}")))?;
        let join = |thread: std::thread::ScopedJoinHandle<'_, P>| match thread.join() {
            Ok(pass) => pass,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        Ok::<_, DataFusionError>(threads.into_iter().map(join).collect())
    })?;
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(passes),
    }
}
