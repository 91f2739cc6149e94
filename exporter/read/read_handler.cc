// SPDX-License-Identifier: Apache-2.0
#include "exporter/read/read_handler.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "exporter/ingest/snappy_body.h"
#include "exporter/read/chunk_stream.h"
#include "exporter/read/read_request.h"
#include "exporter/read/samples_response.h"
#include "exporter/read/series_reader.h"
#include "exporter/read/wire_writer.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

constexpr size_t kMaxRequestBytes = 4 << 20;

// One request that is being answered: it has its room and its end.
struct Turn {
  ReadApiDeps deps;
  QueryGate::Pass pass;
  int64_t deadline_nanos;

  static StatusOr<Turn> Take(const ReadApiDeps& deps) {
    const int64_t end = deps.clock.MonotonicNanos() + deps.timeout * kNanosPerMilli;
    return Turn{deps, TRY(deps.gate.Enter(deps.timeout)), end};
  }
  Status CheckTime() const {
    if (deps.clock.MonotonicNanos() <= deadline_nanos) return absl::OkStatus();
    return absl::DeadlineExceededError("remote read timed out");
  }
};

Status TooManySamples(size_t limit) {
  return InvalidArgument(fmt::format("exceeded sample limit ({})", limit));
}

// Appends one prometheus.QueryResult; `left` is what may still be read.
Status EncodeResult(const Turn& turn, const ReadQuery& query, size_t* left, std::string* out) {
  SeriesReader reader = TRY(SeriesReader::Open(turn.deps.querier, query));
  std::string series;
  while (true) {
    TRY(turn.CheckTime());
    const StatusOr<const SeriesSet::Row*> row = reader.Next(turn.deps.max_samples);
    if (absl::IsResourceExhausted(row.status())) return TooManySamples(turn.deps.max_samples);
    TRY(row.status());
    if (*row == nullptr) return absl::OkStatus();
    const size_t samples = reader.set().Times(**row).size() + reader.set().Histograms(**row).size();
    if (samples > *left) return TooManySamples(turn.deps.max_samples);
    *left -= samples;
    series.clear();
    EncodeTimeSeries(reader.set(), **row, &series);
    WireWriter(out).Bytes(1, series);
  }
}

StatusOr<HttpResponse> AnswerSamples(const Turn& turn, const ReadRequest& request) {
  std::string body;
  size_t left = turn.deps.max_samples;
  for (const ReadQuery& query : request.queries) {
    std::string result;
    TRY(EncodeResult(turn, query, &left, &result));
    WireWriter(&body).Bytes(1, result);
  }
  HttpResponse response;
  response.content_type = "application/x-protobuf";
  response.headers.emplace_back("Content-Encoding", "snappy");
  response.body = SnappyCompress(body);
  return response;
}

// The frames of all queries, a series a step.
class ChunkAnswer {
 public:
  ChunkAnswer(Turn turn, ReadRequest request)
      : turn_(std::move(turn)), request_(std::move(request)) {}

  // Appends the next frames; false when there are no more.
  bool Next(std::string* out) {
    const StatusOr<bool> more = Step(out);
    if (more.ok()) return *more;
    // The status line is gone already: the reader must find out by what it reads.
    LogWarn("remote read broke off", {{"error", Message(more.status())}});
    AppendBrokenFrame(out);
    return false;
  }

 private:
  StatusOr<bool> Step(std::string* out) {
    TRY(turn_.CheckTime());
    if (!reader_) {
      if (query_ == request_.queries.size()) return false;
      reader_ = TRY(SeriesReader::Open(turn_.deps.querier, request_.queries[query_]));
    }
    const SeriesSet::Row* row = TRY(reader_->Next(turn_.deps.max_samples));
    if (row == nullptr) {
      reader_.reset();
      ++query_;
      return true;
    }
    AppendSeriesFrames(reader_->set(), *row, static_cast<int64_t>(query_), out);
    return true;
  }

  Turn turn_;
  ReadRequest request_;
  size_t query_ = 0;
  std::optional<SeriesReader> reader_;
};

HttpResponse AnswerChunks(Turn turn, ReadRequest request) {
  auto answer = std::make_shared<ChunkAnswer>(std::move(turn), std::move(request));
  HttpResponse response;
  response.content_type = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";
  response.compressible = false;  // chunks are
  response.stream = [answer](std::string* piece) { return answer->Next(piece); };
  return response;
}

StatusOr<ReadRequest> ReadBody(HttpRequest& request) {
  const std::string body = TRY(request.ReadBody(kMaxRequestBytes));
  return DecodeReadRequest(TRY(SnappyDecompress(body, kMaxDecodedBytes)));
}

StatusOr<HttpResponse> Answer(const ReadApiDeps& deps, ReadRequest request) {
  Turn turn = TRY(Turn::Take(deps));
  if (request.response_type == ReadResponseType::kStreamedChunks)
    return AnswerChunks(std::move(turn), std::move(request));
  return AnswerSamples(turn, request);
}

HttpResponse Handle(const ReadApiDeps& deps, HttpRequest& http_request) {
  StatusOr<ReadRequest> request = ReadBody(http_request);
  if (absl::IsResourceExhausted(request.status()))
    return HttpResponse::Text(413, Message(request.status()) + "\n");
  if (!request.ok()) return HttpResponse::Text(400, Message(request.status()) + "\n");
  StatusOr<HttpResponse> response = Answer(deps, *std::move(request));
  if (response.ok()) return *std::move(response);
  const int status = absl::IsInvalidArgument(response.status()) ? 400 : 500;
  return HttpResponse::Text(status, Message(response.status()) + "\n");
}

}  // namespace

void RegisterReadApi(Router& router, const ReadApiDeps& deps) {
  router.Add("POST", "/api/v1/read",
             [deps](HttpRequest& request) { return Handle(deps, request); });
}

}  // namespace outrider
