// SPDX-License-Identifier: Apache-2.0
#include "exporter/ui/graph_page.h"

#include <gtest/gtest.h>

#include "tests/exporter/http/fake_request.h"

namespace outrider {
namespace {

// Answers every expression with `answer`, and remembers it.
struct World {
  StatusOr<promql::QueryResult> answer = promql::QueryResult{};
  std::string asked;
  Router router;

  World() {
    RegisterGraphPage(router, {[this](const std::string& expr) {
                        asked = expr;
                        return answer;
                      }});
  }
  HttpResponse Get(std::string_view target) const {
    FakeRequest request("GET", target);
    return router.Dispatch(request);
  }
};

bool Has(const HttpResponse& response, std::string_view part) {
  return response.body.find(part) != std::string::npos;
}

TEST(GraphPage, ShowsTheInstantResult) {
  World world;
  promql::Vector vector;
  for (int i = 0; i < 103; ++i)
    vector.push_back({Labels{{"__name__", "up"}, {"n", std::to_string(i)}}, 0, i + 0.5});
  vector[0].labels = Labels{{"__name__", "up"}, {"a", "<b>"}};
  world.answer = promql::QueryResult{vector, {"a <warning>"}, {}};
  const HttpResponse response = world.Get("/graph?g0.expr=up%20%3C%201&g0.tab=1");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(world.asked, "up < 1");
  for (const char* part :
       {"up &lt; 1</textarea>", "a=&#34;&lt;b&gt;&#34;", "<td>0.5</td>", "<td>99.5</td>",
        "and 3 more", "a &lt;warning&gt;", "href=\"./\"", "api/v1/query?query=up+%3C+1"}) {
    EXPECT_TRUE(Has(response, part)) << part << response.body;
  }
  EXPECT_FALSE(Has(response, "<td>100.5</td>"));
  EXPECT_FALSE(Has(response, "<b>&"));
}

TEST(GraphPage, EveryTypeOfValue) {
  World world;
  const std::pair<promql::Value, const char*> cases[] = {
      {promql::Scalar{0, 2}, "<td>2</td>"},
      {promql::String{0, "a<b"}, "<td>a&lt;b</td>"},
      {promql::Vector{}, "The result is empty."},
      {promql::Matrix{{Labels{{"a", "b"}}, {{1, 3}, {2, 4}}}}, "<td>2</td><td>4</td>"},
  };
  for (const auto& [value, part] : cases) {
    world.answer = promql::QueryResult{value, {}, {}};
    EXPECT_TRUE(Has(world.Get("/graph?g0.expr=x"), part)) << part;
  }
}

TEST(GraphPage, ErrorsAndNoExpression) {
  World world;
  EXPECT_EQ(world.Get("/graph").status, 200);
  EXPECT_EQ(world.asked, "");
  const std::pair<Status, int> cases[] = {
      {InvalidArgument("1:1: parse error: <x>"), 400},
      {absl::FailedPreconditionError("1:1: parse error: <x>"), 422},
      {absl::DeadlineExceededError("1:1: parse error: <x>"), 503},
  };
  for (const auto& [status, code] : cases) {
    world.answer = status;
    const HttpResponse response = world.Get("/graph?g0.expr=%3Cscript%3E");
    EXPECT_EQ(response.status, code);
    EXPECT_TRUE(Has(response, "1:1: parse error: &lt;x&gt;"));
    EXPECT_FALSE(Has(response, "<script>"));
  }
}

}  // namespace
}  // namespace outrider
