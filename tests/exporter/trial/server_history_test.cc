// SPDX-License-Identifier: Apache-2.0
// Which interface of a server is asked, what is asked, and what its refusals mean: a server of
// canned answers in place of the network.
#include "exporter/trial/server_history.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Canned {
  int status = 200;
  std::string body;
  bool cut = false;
  std::string retry_after = {};
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
    response.body_cut = answers_.front().cut;
    if (!answers_.front().retry_after.empty()) {
      response.headers = {{"retry-after", answers_.front().retry_after}};
    }
    answers_.pop_front();
    if (response.status == 0) return absl::DeadlineExceededError("Timeout was reached");
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
                   SourceOptions options = {})
      : server(std::move(answers)),
        history(SourceHttp(WithUrl(std::move(options)), server, clock, stop.get_token()), api,
                [this](const std::string& note) { notes.push_back(note); }) {}
  static SourceOptions WithUrl(SourceOptions options) {
    options.url = "http://user:secret@x.example/prom/";
    return options;
  }

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

  // How long each question was, in ms.
  std::vector<std::string> Ranges() const {
    std::vector<std::string> ranges;
    for (const HttpClientRequest& request : server.asked) {
      const size_t at = request.url.find("%5B") + 3;
      ranges.push_back(request.url.substr(at, request.url.find("ms%5D") - at));
    }
    return ranges;
  }

  std::vector<std::string> notes;
  FakeClock clock;
  std::stop_source stop;
  CannedServer server;
  ServerHistory history;
};

TEST(ServerHistory, FallsBackToTheQueryApi) {
  Fixture f({{404, "404 page not found"}, {200, kOneSample}, {200, kNothing}});
  // What a server brings along from before the range is left out.
  EXPECT_EQ(f.Fetch({Up(100'000, 200'000)}), "__name__=up job=j 101000:1 ");
  ASSERT_EQ(f.server.asked.size(), 2U);
  EXPECT_EQ(f.server.asked[0].url, "http://user:secret@x.example/prom/api/v1/read");
  EXPECT_EQ(f.server.asked[1].url,
            "http://user:secret@x.example/prom/api/v1/"
            "query?query=%7B__name__%3D%22up%22%7D%5B100001ms%5D&"
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
             {504, "late"},
             {200, kNothing},
             {200, kNothing},
             {200, kNothing}},
            SourceApi::kQuery);
  EXPECT_EQ(f.Fetch({Up(0, kHour - 1)}), "");
  EXPECT_THAT(f.Ranges(), ElementsAre("3600000", "1800000", "1800000", "900000", "900000"));
  // At the least there is, the server's word stands.
  Fixture small({{422, kTooMany}}, SourceApi::kQuery);
  EXPECT_THAT(small.Fetch({Up(0, kMinute)}),
              HasSubstr("answered 422: query processing would load"));
}

TEST(ServerHistory, WaitsWhileTheServerIsBusy) {
  constexpr const char* kTimeout = R"({"status":"error","errorType":"timeout","error":"late"})";
  const struct {
    const char* name;
    std::deque<Canned> answers;
    std::vector<std::string> ranges;
    DurationMs waited;
    const char* error;  // "": none
  } kCases[] = {
      {"the same again",
       {{429, "slow down"}, {503, "busy"}, {429, ""}, {200, kNothing}},
       {"3600000", "3600000", "3600000", "3600000"},
       7 * kSecond,
       ""},
      {"as long as it says",
       {{503, "", false, "7"}, {429, "", false, "Thu, 01 Jan 1970 00:01:00 GMT"}, {200, kNothing}},
       {"3600000", "3600000", "3600000"},
       kMinute,
       ""},
      {"within reason",
       {{503, "", false, "86400"}, {200, kNothing}},
       {"3600000", "3600000"},
       5 * kMinute,
       ""},
      {"not for ever", std::deque<Canned>(7, {503, "busy"}), std::vector<std::string>(7, "3600000"),
       63 * kSecond, "answered 503: busy"},
      {"a server that hangs",
       std::deque<Canned>(3, {0, ""}),
       {"3600000", "1800000", "900000"},
       0,
       "Timeout was reached"},
      {"Prometheus' timeout is a 503",
       std::deque<Canned>(3, {503, kTimeout}),
       {"3600000", "1800000", "900000"},
       0,
       "answered 503: late"},
      {"answers that break off",
       std::deque<Canned>(3, {200, kNothing, true}),
       {"3600000", "1800000", "900000"},
       0,
       "broke off after"},
  };
  for (const auto& c : kCases) {
    Fixture f(c.answers, SourceApi::kQuery);
    EXPECT_THAT(f.Fetch({Up(0, kHour - 1)}), HasSubstr(c.error)) << c.name;
    EXPECT_EQ(f.Ranges(), c.ranges) << c.name;
    EXPECT_EQ(f.clock.Now(), c.waited) << c.name;
  }
  Fixture stopped({{503, "busy"}});
  stopped.stop.request_stop();
  EXPECT_EQ(stopped.Fetch({Up(0, 1)}), "stopped while the server was busy");
}

TEST(ServerHistory, ASliceThatWasShortGrowsAgain) {
  std::deque<Canned> answers(6, {200, kNothing});
  answers.push_front({422, kTooMany});
  Fixture f(answers, SourceApi::kQuery);
  EXPECT_EQ(f.Fetch({Up(0, 4 * kHour - 1)}), "");
  EXPECT_THAT(f.Ranges(), ElementsAre("3600000", "1800000", "1800000", "1800000", "1800000",
                                      "3600000", "3600000"));
}

TEST(ServerHistory, AnAnswerOverTheLimitIsTooMuch) {
  SourceOptions options;
  options.max_answer = std::string_view(kNothing).size();
  Fixture f({{200, kNothing, true}, {200, kNothing}, {200, kNothing}}, SourceApi::kQuery, options);
  EXPECT_EQ(f.Fetch({Up(0, kHour - 1)}), "");
  EXPECT_THAT(f.Ranges(), ElementsAre("3600000", "1800000", "1800000"));
}

TEST(ServerHistory, WhatOneFetchMayBring) {
  const struct {
    FetchLimits limits;
    size_t questions;
  } kCases[] = {
      {{}, 3},
      {{.samples = 2}, 1},
      {{.samples = 3}, 2},
      {{.bytes = std::string_view(kOneSample).size()}, 1},
      {{.bytes = std::string_view(kOneSample).size() + 1}, 2},
  };
  for (const auto& c : kCases) {
    SourceOptions options;
    options.max_fetch = c.limits;
    Fixture f({{200, kOneSample}, {200, kOneSample}, {200, kOneSample}, {200, kOneSample}},
              SourceApi::kQuery, options);
    const std::string got = f.Fetch({Up(0, 1), Up(0, 1), Up(0, 1)});
    EXPECT_EQ(f.server.asked.size(), c.questions);
    EXPECT_EQ(got.starts_with("the source sent "), c.questions < 3) << got;
    if (c.questions < 3) continue;
    EXPECT_EQ(f.Fetch({Up(0, 1)}), "");  // each Fetch by itself
  }
}

TEST(ServerHistory, RemoteReadHasTheSameLimit) {
  SourceOptions options;
  options.max_fetch.bytes = 1;
  Fixture f({{200, "x"}, {200, "x"}}, SourceApi::kRemoteRead, options);
  EXPECT_THAT(f.Fetch(std::vector<HistoryQuery>(501, Up(0, 1))),
              HasSubstr("the source sent 0 samples and 1 bytes for one block"));
  EXPECT_EQ(f.server.asked.size(), 1U);
}

TEST(ServerHistory, NotesAreToldOnce) {
  const auto warns = [](const std::string& warnings) {
    return R"({"data":{"result":[]},"isPartial":true,"warnings":[)" + warnings + "]}";
  };
  Fixture f({{200, warns(R"("a","\u001b[2Jb \"c\" \\","a")")},
             {200, warns("\"a\",\"" + std::string(600, 'x') + "\"")}},
            SourceApi::kQuery);
  EXPECT_EQ(f.Fetch({Up(0, 1), Up(0, 1)}), "");
  EXPECT_THAT(f.notes,
              ElementsAre("http://x.example/prom/: the server calls its answer incomplete "
                          "(isPartial)",
                          "http://x.example/prom/: a", R"(http://x.example/prom/: \x1b[2Jb "c" \\)",
                          "http://x.example/prom/: " + std::string(500, 'x'),
                          HasSubstr("raw samples come by the query API")));
  std::string many = "\"0\"";
  for (int i = 1; i < 50; ++i) many += fmt::format(",\"{}\"", i);
  Fixture chatty({{200, warns(many)}, {200, warns(many)}}, SourceApi::kQuery);
  EXPECT_EQ(chatty.Fetch({Up(0, 1), Up(0, 1)}), "");
  ASSERT_EQ(chatty.notes.size(), 22U);
  EXPECT_EQ(chatty.notes[19], "http://x.example/prom/: 18");
  EXPECT_EQ(chatty.notes[20], "there are more warnings, left out here");
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
  Fixture f({{404, ""}, {200, kNothing}}, SourceApi::kBest, {.url = {}, .http = *settings});
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
