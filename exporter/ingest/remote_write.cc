// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/remote_write.h"

#include <optional>

#include "exporter/ingest/commit_rows.h"
#include "exporter/ingest/decode_v1_extra.h"
#include "exporter/ingest/snappy_body.h"
#include "fmt/format.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kMediaType = "application/x-protobuf";
struct ProtoName {
  std::string_view name;
  WriteMessage message;
};
constexpr ProtoName kProtoNames[] = {
    {"prometheus.WriteRequest", WriteMessage::kV1},
    {"io.prometheus.write.v2.Request", WriteMessage::kV2},
};

HttpResponse Answer(int status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(text);
  if (!response.body.empty() && response.body.back() != '\n') response.body += '\n';
  return response;
}

HttpResponse Later(std::string text, int64_t seconds, int status = 503) {
  HttpResponse response = Answer(status, std::move(text));
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  return response;
}

// Takes bytes of the budget while it lives.
class Reservation {
 public:
  Reservation(std::atomic<uint64_t>* used, uint64_t limit) : used_(used), limit_(limit) {}
  ~Reservation() { used_->fetch_sub(taken_); }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  bool Take(uint64_t bytes) {
    taken_ += bytes;
    return used_->fetch_add(bytes) + bytes <= limit_;
  }

 private:
  std::atomic<uint64_t>* used_;
  uint64_t limit_;
  uint64_t taken_ = 0;
};

// Method and headers only: what speaks against reading the body, if anything does.
std::optional<HttpResponse> CheckHeaders(const HttpRequest& request) {
  if (request.method != "POST") {
    HttpResponse response = Answer(405, "remote write is a POST request");
    response.headers.emplace_back("Allow", "POST");
    return response;
  }
  const std::string type = request.Header("Content-Type");
  if (MessageOf(type) == WriteMessage::kUnknown) {
    return Answer(415,
                  fmt::format("Content-Type {} is not accepted; send {}", Quote(type), kMediaType));
  }
  const std::string encoding = request.Header("Content-Encoding");
  if (!encoding.empty() && encoding != "snappy") {
    return Answer(415,
                  fmt::format("Content-Encoding {} is not accepted; send snappy", Quote(encoding)));
  }
  return std::nullopt;
}

// What speaks against 204. In 1.0 exemplars that are not kept are only counted.
std::vector<std::string> RefusalsOf(const ApplyResult& result, WriteMessage message) {
  std::vector<std::string> refusals = result.Refusals();
  if (message == WriteMessage::kV2 && result.exemplars_late > 0) {
    refusals.push_back(fmt::format("out of order exemplar: {}", result.exemplars_late));
  }
  return refusals;
}

std::string Describe(const ApplyResult& result, const std::vector<std::string>& refusals) {
  return fmt::format("{} samples stored, {} refused\n{}",
                     result.samples.accepted + result.histograms.accepted, result.Refused(),
                     Join(refusals, "\n"));
}

// In memory only: senders repeat it.
void LearnMetadata(const V1Rows& rows, MetadataStore* store) {
  if (store == nullptr) return;
  std::string_view family;
  IncomingMetadata metadata;
  for (const std::string_view message : rows.metadata()) {
    if (DecodeMetadataV1(message, &family, &metadata).ok()) store->Learn(family, metadata);
  }
}

void LearnMetadata(const V2Rows& rows, MetadataStore* store) {
  if (store == nullptr) return;
  for (const V2Rows::Described& one : rows.described()) {
    store->Learn(FamilyOf(one.metric, one.metadata.type), one.metadata);
  }
}

}  // namespace

WriteMessage MessageOf(std::string_view content_type) {
  if (content_type.empty()) return WriteMessage::kV1;
  const std::vector<std::string_view> parts = Split(content_type, ';');
  if (parts[0] != kMediaType) return WriteMessage::kUnknown;
  WriteMessage message = WriteMessage::kV1;
  for (size_t i = 1; i < parts.size(); ++i) {
    const size_t equals = parts[i].find('=');
    if (equals == std::string_view::npos) return WriteMessage::kUnknown;
    if (parts[i].substr(0, equals) != "proto") continue;
    message = WriteMessage::kUnknown;
    for (const ProtoName& proto : kProtoNames) {
      if (parts[i].substr(equals + 1) == proto.name) message = proto.message;
    }
    if (message == WriteMessage::kUnknown) return message;
  }
  return message;
}

HttpResponse RemoteWriteReceiver::Handle(HttpRequest& request) {
  const WriteMessage message = MessageOf(request.Header("Content-Type"));
  Written written;
  HttpResponse response = Receive(request, message, &written);
  if (message == WriteMessage::kV2) {  // always all three; senders of 1.0 must not see them
    constexpr const char* kPrefix = "X-Prometheus-Remote-Write-";
    response.headers.emplace_back(fmt::format("{}Samples-Written", kPrefix),
                                  std::to_string(written.samples));
    response.headers.emplace_back(fmt::format("{}Histograms-Written", kPrefix),
                                  std::to_string(written.histograms));
    response.headers.emplace_back(fmt::format("{}Exemplars-Written", kPrefix),
                                  std::to_string(written.exemplars));
  }
  const absl::MutexLock lock(&mutex_);
  ++stats_.requests[response.status];
  return response;
}

HttpResponse RemoteWriteReceiver::Receive(HttpRequest& request, WriteMessage message,
                                          Written* written) {
  if (std::optional<HttpResponse> refusal = CheckHeaders(request)) return *std::move(refusal);
  if (closed_) return Later("shutting down", 5);
  if (bytes_in_flight_ >= options_.max_bytes_in_flight) {
    return Later("too many writes at once, try again", 1);
  }
  IngestGuard* guard = targets_.guard;
  const std::string sender = guard == nullptr ? request.remote_address : guard->SenderOf(request);
  const StatusOr<std::string> body = guard == nullptr
                                         ? request.ReadBody(kMaxBodyBytes)
                                         : guard->ReadBody(request, sender, kMaxBodyBytes);
  if (!body.ok()) {
    return Answer(absl::IsResourceExhausted(body.status()) ? 413 : 400, Message(body.status()));
  }
  Reservation reservation(&bytes_in_flight_, options_.max_bytes_in_flight);
  if (!reservation.Take(body->size())) return Later("too many writes at once, try again", 1);
  WriteScratchPool::Lease scratch(scratch_);
  const std::string& decoded = scratch->decoded;
  const Status unpacked = SnappyDecompressInto(*body, kMaxDecodedBytes, &scratch->decoded);
  if (!unpacked.ok()) return Answer(400, Message(unpacked));
  if (!reservation.Take(decoded.size())) return Later("too many writes at once, try again", 1);
  {
    const absl::MutexLock lock(&mutex_);
    stats_.body_bytes += body->size();
    stats_.decoded_bytes += decoded.size();
  }
  const bool v2 = message == WriteMessage::kV2;
  const uint64_t seed = targets_.windows->seed();
  const Status parsed = v2 ? scratch->v2.Parse(decoded, seed) : scratch->v1.Parse(decoded, seed);
  if (!parsed.ok()) return Answer(400, Message(parsed));
  const LogRecord record{.type = v2 ? RecordType::kWriteV2 : RecordType::kWriteV1,
                         .verdict = Admission::kAdmitted,
                         .time = clock_.Now(),
                         .sender = sender,
                         .body = *body};
  return Store(record, &*scratch, written);
}

HttpResponse RemoteWriteReceiver::Store(const LogRecord& record, WriteScratch* scratch,
                                        Written* written) {
  const bool v2 = record.type == RecordType::kWriteV2;
  const WriteRows* rows = &scratch->v1;
  if (v2) rows = &scratch->v2;
  const StatusOr<ApplyResult> committed =
      CommitRows(record, *rows, targets_, &log_, &scratch->apply);
  if (absl::IsInvalidArgument(committed.status())) {
    return Answer(400, Message(committed.status()));
  }
  if (!committed.ok()) {
    const int seconds = absl::IsResourceExhausted(committed.status()) ? 60 : 5;
    return Later(NotCommitted(committed.status()), seconds);
  }
  const ApplyResult& result = *committed;
  const GuardReport& guard = result.guard;
  if (guard.retry_after > 0) {
    return Later("nothing was stored: " + guard.why, (guard.retry_after + kSecond - 1) / kSecond,
                 429);
  }
  // A sender takes what is not written for lost. A replica's samples are not: the other one sends
  // them; nor are our own series coming back.
  written->samples = guard.samples_dropped;
  if (guard.dropped_whole) return Answer(202, "nothing was stored: " + guard.why);
  if (v2) {
    LearnMetadata(scratch->v2, targets_.metadata);
  } else {
    LearnMetadata(scratch->v1, targets_.metadata);
  }
  CountResult(result, record.time);
  written->samples += result.samples.accepted + result.own_samples;
  written->histograms = result.histograms.accepted + result.own_histograms;
  written->exemplars = result.exemplars;
  const std::vector<std::string> refusals =
      RefusalsOf(result, v2 ? WriteMessage::kV2 : WriteMessage::kV1);
  return refusals.empty() ? Answer(204, "") : Answer(400, Describe(result, refusals));
}

void RemoteWriteReceiver::CountResult(const ApplyResult& result, Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  const uint64_t accepted = result.samples.accepted + result.histograms.accepted;
  stats_.samples_accepted += accepted;
  stats_.histograms_accepted += result.histograms.accepted;
  stats_.samples_late += result.samples.late + result.histograms.late;
  if (accepted > 0) stats_.last_received = now;
  for (const SampleReason& reason : SampleReasons()) {
    const uint64_t n = result.samples.*reason.count + result.histograms.*reason.count;
    if (n > 0) stats_.samples_rejected[reason.reason] += n;
  }
  if (result.histograms_invalid > 0) {
    stats_.samples_rejected["invalid_histogram"] += result.histograms_invalid;
  }
  if (result.samples_of_refused_series > 0) {
    stats_.samples_rejected["invalid_series"] += result.samples_of_refused_series;
  }
  if (result.guard.samples_refused > 0) {
    stats_.samples_rejected["limits"] += result.guard.samples_refused;
  }
  for (size_t i = 0; i < result.series.size(); ++i) {
    const auto verdict = static_cast<SeriesVerdict>(i);
    if (verdict == SeriesVerdict::kFine || result.series[i] == 0) continue;
    if (verdict == SeriesVerdict::kOwn) {
      stats_.own_series_dropped += result.series[i];
    } else {
      stats_.series_refused[TextOf(verdict).reason] += result.series[i];
    }
  }
  for (size_t i = 0; i < kSenderLimits; ++i) {
    if (const uint64_t n = result.guard.series.at(i); n > 0)
      stats_.series_refused[std::string(ReasonOf(static_cast<SenderLimit>(i)))] += n;
  }
  stats_.own_samples_dropped += result.own_samples + result.own_histograms;
  stats_.local_wins += result.samples.local_wins + result.histograms.local_wins;
  stats_.exemplars_kept += result.exemplars;
  stats_.exemplars_refused += result.exemplars_late + result.exemplars_left_out;
}

RemoteWriteStats RemoteWriteReceiver::Stats() const {
  const absl::MutexLock lock(&mutex_);
  return stats_;
}

}  // namespace outrider
