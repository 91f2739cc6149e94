// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/otlp_receiver.h"

#include <optional>

#include "exporter/http/gzip.h"
#include "exporter/ingest/commit_rows.h"
#include "exporter/ingest/otlp_response.h"
#include "exporter/ingest/otlp_rows.h"
#include "exporter/ingest/snappy_body.h"
#include "fmt/format.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBytes = 32U << 20;  // of a body, packed and unpacked
// A request unfolds to many times its size (every point repeats its resource): few at a time.
constexpr int kMaxRunning = 4;
constexpr std::string_view kMediaType = "application/x-protobuf";

HttpResponse Answer(int status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(text) + '\n';
  return response;
}

HttpResponse Later(std::string text, int64_t seconds, int status = 503) {
  HttpResponse response = Answer(status, std::move(text));
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  return response;
}

// What speaks against reading the body, if anything does.
std::optional<HttpResponse> CheckHeaders(const HttpRequest& request) {
  const std::string type = request.Header("Content-Type");
  if (Split(type, ';')[0] != kMediaType) {
    return Answer(415,
                  fmt::format("Content-Type {} is not accepted; send {}", Quote(type), kMediaType));
  }
  const std::string encoding = request.Header("Content-Encoding");
  if (!encoding.empty() && encoding != "gzip" && encoding != "identity") {
    return Answer(415, fmt::format("Content-Encoding {} is not accepted; send gzip or none",
                                   Quote(encoding)));
  }
  return std::nullopt;
}

// One more request while it lives.
class Turn {
 public:
  explicit Turn(std::atomic<int>* running) : running_(running), number_(running->fetch_add(1)) {}
  ~Turn() { running_->fetch_sub(1); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool granted() const { return number_ < kMaxRunning; }

 private:
  std::atomic<int>* running_;
  int number_;
};

}  // namespace

HttpResponse OtlpReceiver::Handle(HttpRequest& request) {
  HttpResponse response = Receive(request);
  const absl::MutexLock lock(&mutex_);
  ++stats_.requests[response.status];
  return response;
}

HttpResponse OtlpReceiver::Receive(HttpRequest& request) {
  if (std::optional<HttpResponse> refusal = CheckHeaders(request)) return *std::move(refusal);
  if (closed_) return Later("shutting down", 5);
  const Turn turn(&running_);
  if (!turn.granted()) return Later("too many OTLP requests at once, try again", 1);
  IngestGuard* guard = targets_.guard;
  const std::string sender = guard == nullptr ? request.remote_address : guard->SenderOf(request);
  StatusOr<std::string> body =
      guard == nullptr ? request.ReadBody(kMaxBytes) : guard->ReadBody(request, sender, kMaxBytes);
  if (!body.ok()) {
    return Answer(absl::IsResourceExhausted(body.status()) ? 413 : 400, Message(body.status()));
  }
  if (request.Header("Content-Encoding") == "gzip") body = Gunzip(*body, kMaxBytes);
  if (!body.ok()) return Answer(400, Message(body.status()));
  return Store(sender, *body);
}

HttpResponse OtlpReceiver::Store(const std::string& sender, const std::string& body) {
  OtlpRows rows;
  ApplyScratch scratch;
  if (Status status = rows.Parse(body, options_, targets_.windows->seed()); !status.ok()) {
    return Answer(400, Message(status));
  }
  const std::string packed = SnappyCompress(body);  // as the other bodies in the log are
  const LogRecord record{.type = RecordType::kOtlp,
                         .verdict = Admission::kAdmitted,
                         .time = clock_.Now(),
                         .sender = sender,
                         .body = packed};
  const StatusOr<ApplyResult> result = CommitRows(record, rows, targets_, &log_, &scratch);
  if (!result.ok()) {
    const int seconds = absl::IsResourceExhausted(result.status()) ? 60 : 5;
    return Later(NotCommitted(result.status()), seconds);
  }
  const GuardReport& report = result->guard;
  if (report.retry_after > 0) {
    return Later("nothing was stored: " + report.why, (report.retry_after + kSecond - 1) / kSecond,
                 429);
  }
  for (const OtlpFamily& family : rows.batch().families) {
    if (targets_.metadata == nullptr || report.dropped_whole) break;
    targets_.metadata->Learn(family.name,
                             {.type = family.type, .help = family.help, .unit = family.unit});
  }
  return Report(rows.batch(), *result);
}

HttpResponse OtlpReceiver::Report(const OtlpBatch& batch, const ApplyResult& result) {
  std::vector<std::string> refusals = result.Refusals();
  if (!batch.first_refusal.empty()) refusals.push_back(batch.first_refusal);
  const uint64_t lost = result.Refused();
  const uint64_t rejected = batch.RefusedPoints() + lost;
  {
    const absl::MutexLock lock(&mutex_);
    stats_.points += batch.points;
    for (const auto& [reason, count] : batch.refused) stats_.refused_points[reason] += count;
    stats_.samples_accepted += result.samples.accepted + result.histograms.accepted;
    stats_.histograms_accepted += result.histograms.accepted;
    stats_.samples_rejected += lost;
  }
  HttpResponse response;
  response.status = 200;
  response.content_type = std::string(kMediaType);
  response.body = EncodeOtlpResponse(rejected, Join(refusals, "\n"));
  return response;
}

OtlpStats OtlpReceiver::Stats() const {
  const absl::MutexLock lock(&mutex_);
  return stats_;
}

}  // namespace outrider
