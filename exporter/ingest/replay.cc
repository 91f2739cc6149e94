// SPDX-License-Identifier: Apache-2.0
// Two stages at once: this thread reads and decodes records and looks their series up, another one
// appends them, in order. What the other one makes meanwhile is found there by its labels.
#include "exporter/ingest/replay.h"

#include <deque>
#include <functional>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "exporter/ingest/row_edits.h"
#include "exporter/ingest/snappy_body.h"
#include "exporter/ingest/write_scratch.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

constexpr size_t kJobs = 6;  // decoded records on their way

struct Job {
  WriteScratch scratch;
  const WriteRows* rows = nullptr;  // in the scratch, or `edited`
  EditedRows edited;
  std::string sender;
  Origin origin = Origin::kRemote;
  Timestamp time = 0;
};

// Jobs that wait for one of the two sides. Thread-safe.
class JobQueue {
 public:
  void Put(std::unique_ptr<Job> job) {
    const absl::MutexLock lock(&mutex_);
    jobs_.push_back(std::move(job));
    changed_.Signal();
  }
  // Null once the queue is closed and empty.
  std::unique_ptr<Job> Take() {
    const absl::MutexLock lock(&mutex_);
    while (jobs_.empty() && !closed_) changed_.Wait(&mutex_);
    if (jobs_.empty()) return nullptr;
    std::unique_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }
  void Close() {
    const absl::MutexLock lock(&mutex_);
    closed_ = true;
    changed_.Signal();
  }

 private:
  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::deque<std::unique_ptr<Job>> jobs_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

bool DecodeBody(RecordType type, std::string_view body, uint64_t seed, const OtlpOptions& otlp,
                Job* job) {
  WriteScratch& scratch = job->scratch;
  // The limit of a request does not hold for what we wrote ourselves.
  if (!SnappyDecompressInto(body, UINT32_MAX, &scratch.decoded).ok()) return false;
  switch (type) {
    case RecordType::kWriteV1:
    case RecordType::kInternal:
      job->rows = &scratch.v1;
      return scratch.v1.Parse(scratch.decoded, seed).ok();
    case RecordType::kWriteV2:
      job->rows = &scratch.v2;
      return scratch.v2.Parse(scratch.decoded, seed).ok();
    case RecordType::kOtlp:
      job->rows = &scratch.otlp;
      return scratch.otlp.Parse(scratch.decoded, otlp, seed).ok();
    case RecordType::kNumbered:
    case RecordType::kChunks:
      return false;
  }
  return false;
}

bool IsOurs(RecordType type) {
  return type == RecordType::kInternal || type == RecordType::kNumbered;
}

struct Decoding {
  uint64_t seed = 0;
  const OtlpOptions& otlp;
  NumberedSeries* numbered = nullptr;
  uint32_t segment = 0;  // of the record
};

// False when the body cannot be read; `job` may be used again.
bool Decode(const LogRecord& record, const Decoding& how, Job* job) {
  job->origin = IsOurs(record.type) ? Origin::kLocal : Origin::kRemote;
  job->time = record.time;
  job->sender = record.sender;
  if (record.type == RecordType::kNumbered) {
    job->rows = &job->scratch.numbered;
    return job->scratch.numbered
        .Parse(record.body, how.segment, record.time, how.seed, how.numbered)
        .ok();
  }
  if (record.verdict == Admission::kAdmitted) {
    return DecodeBody(record.type, record.body, how.seed, how.otlp, job);
  }
  std::string_view body = record.body;
  const StatusOr<RowEdits> edits = CutEdits(&body);
  if (!edits.ok() || !DecodeBody(record.type, body, how.seed, how.otlp, job)) return false;
  if (!job->edited.Build(*job->rows, *edits, how.seed).ok()) return false;
  job->rows = &job->edited;
  return true;
}

SenderId SenderOf(const Job& job, IngestGuard* guard) {
  if (guard == nullptr || job.origin == Origin::kLocal || job.sender.empty()) return kNoSender;
  return guard->limits().IdOf(job.sender);
}

void Apply(Job* job, const WriteTargets& targets, ReplayStats* stats) {
  const ApplyResult result = ApplyRows(*job->rows,
                                       {.origin = job->origin,
                                        .now = job->time,
                                        .explain = false,
                                        .sender = SenderOf(*job, targets.guard)},
                                       targets, &job->scratch.apply);
  if (targets.guard != nullptr && targets.guard->elects() && job->rows == &job->edited) {
    for (const auto& [cluster, replica] : job->edited.pairs()) {
      targets.guard->ha().Remember(cluster, replica, job->time);
    }
  }
  stats->samples += result.samples.accepted + result.histograms.accepted;
  stats->known += result.samples.Rejected() + result.samples.local_wins +
                  result.histograms.Rejected() + result.histograms.local_wins;
}

// Hands decodable records to `ready`, in order.
Status DecodeAll(LogReader* reader, const std::function<bool(const LogRecord&, Job*)>& decode,
                 JobQueue* spare, JobQueue* ready, ReplayStats* stats) {
  LogRecord record;
  uint32_t segment = 0;
  std::unique_ptr<Job> job = spare->Take();
  while (TRY(reader->Next(&record))) {
    if (segment != 0 && reader->segment() != segment) {
      LogInfo("write-ahead log segment read",
              {{"segment", std::to_string(segment)}, {"records", std::to_string(stats->records)}});
    }
    segment = reader->segment();
    ++stats->records;
    if (record.verdict == Admission::kRefused) continue;
    if (!decode(record, job.get())) {
      ++stats->unreadable;
      continue;
    }
    ready->Put(std::move(job));
    job = spare->Take();
  }
  return absl::OkStatus();
}

}  // namespace

Status ReplayRest(LogReader* reader, const WriteTargets& targets, const OtlpOptions& otlp,
                  NumberedSeries* numbered, ReplayStats* stats) {
  JobQueue spare;
  JobQueue ready;
  for (size_t i = 0; i < kJobs; ++i) spare.Put(std::make_unique<Job>());
  ReplayStats applied;
  std::jthread appender([&] {
    while (std::unique_ptr<Job> job = ready.Take()) {
      Apply(job.get(), targets, &applied);
      spare.Put(std::move(job));
    }
  });
  const auto decode = [&, seed = targets.windows->seed()](const LogRecord& record, Job* job) {
    return Decode(record, {seed, otlp, numbered, reader->segment()}, job) &&
           PrepareRows(*job->rows, *targets.windows, job->origin, &job->scratch.apply).ok();
  };
  const Status status = DecodeAll(reader, decode, &spare, &ready, stats);
  ready.Close();
  appender.join();
  stats->samples += applied.samples;
  stats->known += applied.known;
  return status;
}

}  // namespace outrider
