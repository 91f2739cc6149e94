// SPDX-License-Identifier: Apache-2.0
// Two stages at once: this thread reads and decodes records and looks their series up, another one
// appends them, in order. What the other one makes meanwhile is found there by its labels. Records
// by number need no look-up; many of them are one job.
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

constexpr size_t kJobs = 4;  // decoded records, or batches of them, on their way

struct Job {
  WriteScratch scratch;
  const WriteRows* rows = nullptr;  // in the scratch, or `edited`
  EditedRows edited;
  std::string sender;
  Origin origin = Origin::kRemote;
  Timestamp time = 0;
  uint32_t segment = 0;
  uint32_t first_number = 0;  // of its rows; 0: they have none
  ReplayBatch batch;          // in place of rows, unless it is empty
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
    case RecordType::kRows:
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
  NumberedSeries* derived = nullptr;
  uint32_t segment = 0;  // of the record
};

// False when the body cannot be read; `job` may be used again.
bool Decode(const LogRecord& record, const Decoding& how, Job* job) {
  job->origin = IsOurs(record.type) ? Origin::kLocal : Origin::kRemote;
  job->time = record.time;
  job->sender = record.sender;
  job->segment = how.segment;
  job->first_number = 0;
  if (record.type == RecordType::kNumbered) {
    job->rows = &job->scratch.numbered;
    return job->scratch.numbered.Parse(record.body, how.segment, record.time, how.seed, how.derived)
        .ok();
  }
  if (record.verdict == Admission::kAdmitted) {
    return DecodeBody(record.type, record.body, how.seed, how.otlp, job);
  }
  std::string_view body = record.body;
  if (record.verdict == Admission::kNumbering) {
    const StatusOr<uint32_t> first = CutFirstNumber(&body);
    if (!first.ok() || !DecodeBody(record.type, body, how.seed, how.otlp, job)) return false;
    job->first_number = *first;
    return true;
  }
  const StatusOr<RowEdits> edits = CutEdits(&body);
  if (!edits.ok() || !DecodeBody(record.type, body, how.seed, how.otlp, job)) return false;
  if (!job->edited.Build(*job->rows, *edits, how.seed).ok()) return false;
  job->rows = &job->edited;
  return true;
}

SenderId SenderOf(std::string_view sender, Origin origin, IngestGuard* guard) {
  if (guard == nullptr || origin == Origin::kLocal || sender.empty()) return kNoSender;
  return guard->limits().IdOf(sender);
}

void CountSamples(const AppendCounts& counts, ReplayStats* stats) {
  stats->samples += counts.accepted;
  stats->known += counts.Rejected() + counts.local_wins;
}

void ApplyBatch(Job* job, const WriteTargets& targets, ReplayNumbers* numbers, ReplayHalves* halves,
                ReplayStats* stats) {
  const ReplayBatch::Outcome outcome =
      job->batch.Apply(job->segment, targets.windows, numbers, halves);
  CountSamples(outcome.counts, stats);
  stats->lost += outcome.lost;
  job->batch.Clear();
}

void Apply(Job* job, const WriteTargets& targets, ReplayNumbers* numbers, ReplayStats* stats) {
  const ApplyResult result =
      ApplyRows(*job->rows,
                {.origin = job->origin,
                 .now = job->time,
                 .explain = false,
                 .sender = SenderOf(job->sender, job->origin, targets.guard)},
                targets, &job->scratch.apply);
  if (targets.guard != nullptr && targets.guard->elects() && job->rows == &job->edited) {
    for (const auto& [cluster, replica] : job->edited.pairs()) {
      targets.guard->ha().Remember(cluster, replica, job->time);
    }
  }
  if (job->first_number != 0) {
    numbers->Learn(job->segment, job->first_number, *job->rows, job->scratch.apply.outcome.ids);
  }
  CountSamples(result.samples, stats);
  CountSamples(result.histograms, stats);
}

// The jobs that are made of records, in order.
class JobMaker {
 public:
  JobMaker(JobQueue* spare, JobQueue* ready)
      : spare_(*spare), ready_(*ready), job_(spare->Take()) {}

  // `decode` fills a job; false when the record cannot be read.
  bool Add(const std::function<bool(Job*)>& decode) {
    FlushBatch();
    if (!decode(job_.get())) return false;
    Put();
    return true;
  }
  bool AddByNumber(const LogRecord& record, uint32_t segment, SenderId sender) {
    if (job_->batch.IsFull(record.time) || segment != job_->segment) FlushBatch();
    job_->segment = segment;
    return job_->batch.Add(record.body, record.time, sender);
  }
  void FlushBatch() {
    if (!job_->batch.empty()) Put();
  }

 private:
  void Put() {
    ready_.Put(std::move(job_));
    job_ = spare_.Take();
  }

  JobQueue& spare_;
  JobQueue& ready_;
  std::unique_ptr<Job> job_;
};

struct Replay {
  LogReader& reader;
  const WriteTargets& targets;
  const OtlpOptions& otlp;
  ReplayState& state;
};

bool AddRecord(const LogRecord& record, const Replay& replay, JobMaker* jobs) {
  const uint32_t segment = replay.reader.segment();
  if (record.type == RecordType::kRows) {
    const SenderId sender = SenderOf(record.sender, Origin::kRemote, replay.targets.guard);
    return record.verdict == Admission::kAdmitted && jobs->AddByNumber(record, segment, sender);
  }
  const Windows& windows = *replay.targets.windows;
  return jobs->Add([&](Job* job) {
    return Decode(record, {windows.seed(), replay.otlp, &replay.state.derived, segment}, job) &&
           PrepareRows(*job->rows, windows, job->origin, &job->scratch.apply).ok();
  });
}

// Makes jobs of the records, in order.
Status DecodeAll(const Replay& replay, JobMaker* jobs, ReplayStats* stats) {
  LogRecord record;
  uint32_t segment = 0;
  while (TRY(replay.reader.Next(&record))) {
    if (replay.state.stop != nullptr && *replay.state.stop) {
      return absl::AbortedError("the start was given up");
    }
    if (segment != 0 && replay.reader.segment() != segment) {
      LogInfo("write-ahead log segment read",
              {{"segment", std::to_string(segment)}, {"records", std::to_string(stats->records)}});
    }
    segment = replay.reader.segment();
    ++stats->records;
    if (record.verdict == Admission::kRefused) continue;
    if (!AddRecord(record, replay, jobs)) ++stats->unreadable;
  }
  return absl::OkStatus();
}

}  // namespace

Status ReplayRest(LogReader* reader, const WriteTargets& targets, const OtlpOptions& otlp,
                  ReplayState* state, ReplayStats* stats) {
  JobQueue spare;
  JobQueue ready;
  for (size_t i = 0; i < kJobs; ++i) spare.Put(std::make_unique<Job>());
  ReplayStats applied;
  std::jthread appender([&] {
    ReplayHalves halves;
    while (std::unique_ptr<Job> job = ready.Take()) {
      if (job->batch.empty()) {
        Apply(job.get(), targets, &state->numbers, &applied);
      } else {
        ApplyBatch(job.get(), targets, &state->numbers, &halves, &applied);
      }
      spare.Put(std::move(job));
    }
  });
  JobMaker jobs(&spare, &ready);
  const Status status = DecodeAll({*reader, targets, otlp, *state}, &jobs, stats);
  jobs.FlushBatch();
  ready.Close();
  appender.join();
  stats->samples += applied.samples;
  stats->known += applied.known;
  stats->lost += applied.lost;
  return status;
}

}  // namespace outrider
