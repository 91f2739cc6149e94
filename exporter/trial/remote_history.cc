// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/remote_history.h"

#include <algorithm>

#include "exporter/ingest/snappy_body.h"
#include "exporter/read/read_client.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kQueriesAtOnce = 500;  // servers bound them

std::vector<ReadQuery> ReadQueries(const std::vector<HistoryQuery>& queries) {
  std::vector<ReadQuery> out;
  out.reserve(queries.size());
  for (const HistoryQuery& query : queries) {
    out.push_back({.start = query.from, .end = query.to, .matchers = query.matchers});
  }
  return out;
}

bool IsStream(const HttpClientResponse& response) {
  return Contains(response.Header("content-type"), "x-streamed-protobuf");
}

struct Answer {
  HttpClientResponse response;
  std::vector<ReadQuery> queries;
};

class RemotePiece final : public HistoryPiece {
 public:
  RemotePiece(std::vector<Answer> answers, size_t limit, FetchLimits max_fetch)
      : answers_(std::move(answers)), limit_(limit), max_fetch_(max_fetch) {}

  Status ForEach(const Visit& visit) const override {
    // Counted where they are unpacked: a chunk of a few bytes may hold a hundred.
    FetchBudget budget(max_fetch_);
    const auto sink = [&](const ReadRow& row) {
      budget.Count(0, row.samples.size() + row.histograms.size());
      visit({.labels = row.labels, .samples = row.samples, .histograms = row.histograms});
    };
    for (const Answer& answer : answers_) {
      TRY(budget.Check());
      const std::string& body = answer.response.body;
      budget.Count(body.size(), 0);
      TRY(IsStream(answer.response) ? ReadChunkStream(body, answer.queries, sink)
                                    : ReadSamplesAnswer(body, limit_, sink));
    }
    return absl::OkStatus();
  }

 private:
  const std::vector<Answer> answers_;
  const size_t limit_;
  const FetchLimits max_fetch_;
};

}  // namespace

StatusOr<HttpClientResponse> RemoteHistory::Ask(std::span<const ReadQuery> queries,
                                                bool samples_only) {
  using enum ReadResponseType;
  std::vector<ReadResponseType> accepted = {kStreamedChunks, kSamples};
  if (samples_only) accepted.erase(accepted.begin());
  HttpClientRequest request;
  request.headers = {{"Content-Type", "application/x-protobuf"},
                     {"Content-Encoding", "snappy"},
                     {"X-Prometheus-Remote-Read-Version", "0.1.0"}};
  request.body = SnappyCompress(EncodeReadRequest(queries, accepted));
  return http_.Do(std::move(request), "/api/v1/read", "remote read");
}

StatusOr<std::unique_ptr<HistoryPiece>> RemoteHistory::Fetch(std::vector<HistoryQuery> queries) {
  const std::vector<ReadQuery> all = ReadQueries(queries);
  std::vector<Answer> answers;
  FetchBudget budget(http_.max_fetch());
  for (size_t begin = 0; begin < all.size(); begin += kQueriesAtOnce) {
    const auto some = std::span(all).subspan(begin, std::min(kQueriesAtOnce, all.size() - begin));
    TRY(budget.Check());
    HttpClientResponse response = TRY(Ask(some, /*samples_only=*/false));
    if (IsStream(response) && TRY(HoldsHistogramChunks(response.body))) {
      response = TRY(Ask(some, /*samples_only=*/true));
    }
    budget.Count(response.body.size(), 0);
    answers.push_back({std::move(response), {some.begin(), some.end()}});
  }
  return std::make_unique<RemotePiece>(std::move(answers), http_.max_answer(), http_.max_fetch());
}

}  // namespace outrider
