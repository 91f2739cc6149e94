// SPDX-License-Identifier: Apache-2.0
// Which interface of a server is asked, what is asked, and what its refusals mean: a server of
// canned answers in place of the network.
#include "exporter/trial/server_history.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Canned {
  int status = 200;
  std::string body;
};

class CannedServer final : public HttpClient {
 public:
  explicit CannedServer(std::deque<Canned> answers) : answers_(std::move(answers)) {}
  StatusOr<HttpClientResponse> Do(const HttpClientRequest& request) override {
    asked.push_back(request);
    EXPECT_FALSE(answers_.empty()) << request.url;
    if (answers_.empty()) return absl::UnavailableError("no answer left");
    HttpClientResponse response;
    response.status = answers_.front().status;
    response.body = answers_.front().body;
    answers_.pop_front();
    return response;
  }
  std::vector<HttpClientRequest> asked;

 private:
  std::deque<Canned> answers_;
};

constexpr const char* kOneSample =
    R"({"status":"success","data":{"resultType":"matrix","result":[)"
    R"({"metric":{"__name__":"up","job":"j"},"values":[[99.5,"0"],[101,"1"]]}]}})";
constexpr const char* kNothing =
    R"({"status":"success","data":{"resultType":"matrix","result":[]}})";
constexpr const char* kTooMany =
    R"({"status":"error","errorType":"execution","error":"query processing would load too many samples into memory in query execution"})";

HistoryQuery Up(Timestamp from, Timestamp to) {
  return {{Matcher::Equal("__name__", "up")}, from, to};
}

struct Fixture {
  explicit Fixture(std::deque<Canned> answers, SourceApi api = SourceApi::kBest,
                   HttpSettings settings = {})
      : server(std::move(answers)),
        history(
            SourceHttp({.url = "http://x.example/prom/", .http = std::move(settings)}, server, {}),
            api, [this](const std::string& note) { notes.push_back(note); }) {}

  // `{labels} time:value …` by series, or the error.
  std::string Fetch(std::vector<HistoryQuery> queries) {
    const auto piece = history.Fetch(std::move(queries));
    if (!piece.ok()) return Message(piece.status());
    std::string text;
    const Status status = (*piece)->ForEach([&](const HistoryRow& row) {
      for (const LabelView& label : row.labels)
        text += fmt::format("{}={} ", label.name, label.value);
      for (const Sample& sample : row.samples)
        text += fmt::format("{}:{} ", sample.time, sample.value);
    });
    return status.ok() ? text : Message(status);
  }

  std::vector<std::string> notes;
  CannedServer server;
  ServerHistory history;
};

TEST(ServerHistory, FallsBackToTheQueryApi) {
  Fixture f({{404, "404 page not found"}, {200, kOneSample}, {200, kNothing}});
  // What a server brings along from before the range is left out.
  EXPECT_EQ(f.Fetch({Up(100'000, 200'000)}), "__name__=up job=j 101000:1 ");
  ASSERT_EQ(f.server.asked.size(), 2U);
  EXPECT_EQ(f.server.asked[0].url, "http://x.example/prom/api/v1/read");
  EXPECT_EQ(f.server.asked[1].url,
            "http://x.example/prom/api/v1/query?query=%7B__name__%3D%22up%22%7D%5B100001ms%5D&"
            "time=200.000");
  EXPECT_THAT(f.notes, ElementsAre(HasSubstr("no remote read there")));
  EXPECT_EQ(f.Fetch({Up(200'001, 200'002)}), "");  // and stays there
  EXPECT_EQ(f.server.asked.size(), 3U);
  EXPECT_EQ(f.notes.size(), 1U);
}

TEST(ServerHistory, VictoriaMetricsKnowsNoSuchPath) {
  Fixture f({{400, "unsupported path requested: \"/api/v1/read\""}, {200, kNothing}});
  EXPECT_EQ(f.Fetch({Up(0, 1)}), "");
}

TEST(ServerHistory, AsksForLessWhenItIsTooMuch) {
  Fixture f({{422, kTooMany},
             {200, kNothing},
             {503, "busy"},
             {200, kNothing},
             {200, kNothing},
             {200, kNothing}},
            SourceApi::kQuery);
  EXPECT_EQ(f.Fetch({Up(0, kHour - 1)}), "");
  std::vector<std::string> ranges;
  for (const HttpClientRequest& request : f.server.asked) {
    const size_t at = request.url.find("%5B") + 3;
    ranges.push_back(request.url.substr(at, request.url.find("ms%5D") - at));
  }
  EXPECT_THAT(ranges, ElementsAre("3600000", "1800000", "1800000", "900000", "900000"));
  // At the least there is, the server's word stands.
  Fixture small({{422, kTooMany}}, SourceApi::kQuery);
  EXPECT_THAT(small.Fetch({Up(0, kMinute)}),
              HasSubstr("answered 422: query processing would load"));
}

TEST(ServerHistory, RefusalsSayWhatToDo) {
  const struct {
    SourceApi api;
    std::deque<Canned> answers;
    const char* error;
  } kCases[] = {
      {SourceApi::kBest,
       {{401, "Unauthorized"}},
       "remote read: http://x.example/prom/ answered 401 (it wants to know who asks: "
       "--http.config.file with basic_auth or authorization): Unauthorized"},
      {SourceApi::kQuery, {{403, ""}}, "answered 403 (this user may not read"},
      {SourceApi::kBest,
       {{404, "x"}, {404, "y"}},
       "does its URL lack a path, such as /prometheus?"},
      {SourceApi::kRemoteRead,
       {{404, "gone"}},
       "remote read: http://x.example/prom/ answered 404: gone"},
      {SourceApi::kQuery, {{422, R"({"error":"bad"})"}}, "answered 422: bad"},
      {SourceApi::kBest, {{500, "oops"}}, "answered 500: oops"},
      {SourceApi::kQuery, {{200, "<html>"}}, "query API: http://x.example/prom/: byte 0"},
  };
  for (const auto& c : kCases) {
    Fixture f(c.answers, c.api);
    EXPECT_THAT(f.Fetch({Up(0, 1)}), HasSubstr(c.error));
    EXPECT_THAT(f.notes, IsEmpty());
  }
}

TEST(ServerHistory, SettingsAreOnEveryRequest) {
  const auto settings = ParseHttpConfigFile(
      "basic_auth: {username: u, password: p}\n"
      "tls_config: {ca_file: ca.pem}\n"
      "http_headers: {X-Scope-OrgID: {values: [team]}}\n",
      "dir/http.yml");
  ASSERT_TRUE(settings.ok()) << Message(settings.status());
  Fixture f({{404, ""}, {200, kNothing}}, SourceApi::kBest, *settings);
  EXPECT_EQ(f.Fetch({Up(0, 1)}), "");
  for (const HttpClientRequest& request : f.server.asked) {
    EXPECT_EQ(request.basic_user + ":" + request.basic_password, "u:p");
    EXPECT_EQ(request.ca_file, "dir/ca.pem");
    EXPECT_THAT(request.headers,
                ::testing::Contains(std::pair<std::string, std::string>("X-Scope-OrgID", "team")));
  }
  const auto bad = ParseHttpConfigFile("basic_auth: {user: u}\n", "http.yml");
  ASSERT_FALSE(bad.ok());
  EXPECT_THAT(Message(bad.status()), HasSubstr("http.yml:1:"));
}

TEST(ServerHistory, LongSelectorsGoByPost) {
  Fixture f({{200, kNothing}}, SourceApi::kQuery);
  HistoryQuery query = Up(0, 1);
  query.matchers.push_back(Matcher::Equal("pod", std::string(5000, 'x')));
  EXPECT_EQ(f.Fetch({query}), "");
  EXPECT_EQ(f.server.asked[0].method, "POST");
  EXPECT_THAT(f.server.asked[0].body, HasSubstr("&time=0.001"));
}

}  // namespace
}  // namespace outrider
