// SPDX-License-Identifier: Apache-2.0
// The eight endpoints of the real-time API and the product's own view of workloads: one row a
// request, the whole body expected. Source: specs/source_systems.md §1.4.
#include <gtest/gtest.h>

#include "exporter/api/realtime.h"
#include "exporter/api/workloads.h"
#include "exporter/http/auth.h"
#include "storage/state/memory_store.h"
#include "tests/exporter/api/fake_querier.h"
#include "tests/exporter/http/fake_request.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr Timestamp kNow = 1'763'700'000'000;  // 2025-11-21T04:40:00Z

class Names final : public WorkloadNames {
 public:
  std::optional<WorkloadName> Find(std::string_view, std::string_view pod) const override {
    return WorkloadName{std::string(pod.substr(0, pod.rfind('-'))), "StatefulSet"};
  }
};

class RealtimeApiTest : public ::testing::Test {
 protected:
  RealtimeApiTest() : clock_(kNow * kNanosPerMilli) {
    std::vector<Sample> cpu;
    std::vector<Sample> memory;
    for (Timestamp time = kNow - 30 * kMinute; time <= kNow; time += 30 * kSecond) {
      cpu.push_back({time, static_cast<double>(time - kNow) / kSecond * .5 + 1e6});
      memory.push_back({time, 1 << 30});
    }
    const auto labels = [](const char* metric) {
      return Labels(
          {{"__name__", metric}, {"namespace", "shop"}, {"pod", "web-0"}, {"container", "app"}});
    };
    querier_.Add(labels("container_cpu_usage_seconds_total"), cpu);
    querier_.Add(labels("container_memory_working_set_bytes"), memory);
    WorkloadCost cost;
    cost.key = {"shop", "web", "StatefulSet"};
    cost.pods = 1;
    cost.health_score = 80;
    costs_ = {cost};
    cost.key = {"", "node1:9100", "Host"};
    cost.health_score.reset();
    costs_.push_back(cost);
    const auto costs = [this] { return costs_; };
    const auto findings = [this] { return findings_; };
    RegisterRealtimeApi(router_, {querier_, names_, monitor_, clock_, costs, findings});
    RegisterWorkloadsApi(router_, {costs, findings});
  }
  void Find(FindingSeverity severity) {
    WorkloadFinding finding;
    finding.key = {"shop", "web", "StatefulSet"};
    finding.container = "app";
    finding.evidence.type = FindingType::kMemoryLeak;
    finding.evidence.severity = severity;
    finding.evidence.score = 2.5;
    finding.evidence.confidence = .875;
    finding.evidence.value = 500;
    finding.evidence.threshold = 1000;
    finding.description = "memory grows";
    finding.started_at = kNow - kMinute;
    findings_.push_back(finding);
  }
  std::string Post(const std::string& path, const std::string& body, int status = 200) {
    FakeRequest request = FakeRequest::JsonPost("/api/v1/realtime/" + path, body);
    return Body(router_.Dispatch(request), status);
  }
  std::string Get(const std::string& target, int status = 200) {
    FakeRequest request("GET", target);
    return Body(router_.Dispatch(request), status);
  }
  static std::string Body(const HttpResponse& response, int status) {
    EXPECT_EQ(response.status, status) << response.body;
    return WholeBody(response);
  }

  FakeClock clock_;
  FakeQuerier querier_;
  Names names_;
  MemoryStore store_;
  std::vector<WorkloadCost> costs_;
  std::vector<WorkloadFinding> findings_;
  WorkloadMonitor monitor_{[this] { return findings_; }, store_};
  Router router_;
};

const char* const kWeb = R"({"namespace":"shop","workload_name":"web","container_name":"app"})";
const char* const kAlert =
    R"({"anomaly_type":"memory_leak","severity":"high","workload_name":"web","namespace":"shop",)"
    R"("container_name":"app","resource_type":"memory","description":"memory grows","current_value":500,)"
    R"("threshold":1000,"score":2.5,"detected_at":"2025-11-21T04:39:00.000Z","recommendation":"Look for memory )"
    R"(that is kept: compare heap profiles taken some time apart, and check caches and queues for bounds. A )"
    R"(raised limit or a restart only buys time."})";

TEST_F(RealtimeApiTest, Metrics) {
  EXPECT_EQ(Post("metrics", kWeb),
            R"({"namespace":"shop","workload_name":"web","container_name":"app","cpu_cores":0.5,)"
            R"("memory_bytes":1073741824,"timestamp":"2025-11-21T04:40:00.000Z"})");
  // Not 0.0 for what is not there.
  EXPECT_EQ(Post("metrics", R"({"namespace":"shop","workload_name":"we","container_name":"app"})"),
            R"({"namespace":"shop","workload_name":"we","container_name":"app","cpu_cores":null,)"
            R"("memory_bytes":null,"timestamp":"2025-11-21T04:40:00.000Z"})");
}

TEST_F(RealtimeApiTest, Trends) {
  const std::string memory =
      R"({"metric_name":"memory","current_value":1073741824,"average_value":1073741824,"std_deviation":0,)"
      R"("trend_direction":"stable","trend_rate":0,"window":"15m","is_anomalous":false,"anomaly_score":0,)"
      R"("timestamp":"2025-11-21T04:40:00.000Z"})";
  const std::string answer = Post("trends", kWeb);
  EXPECT_NE(
      answer.find(
          R"({"namespace":"shop","workload_name":"web","container_name":"app","window":"15m","cpu":{)"
          R"("metric_name":"cpu","current_value":0.5,)"),
      std::string::npos)
      << answer;
  EXPECT_NE(answer.find(R"("memory":)" + memory + "}"), std::string::npos) << answer;
  EXPECT_EQ(
      Post("trends",
           R"({"namespace":"a","workload_name":"b","container_name":"c","window":"24h"})"),
      R"({"namespace":"a","workload_name":"b","container_name":"c","window":"24h","cpu":{"metric_name":"cpu",)"
      R"("current_value":null,"average_value":null,"std_deviation":null,"trend_direction":null,)"
      R"("trend_rate":null,"window":"24h","is_anomalous":false,"anomaly_score":null,)"
      R"("timestamp":"2025-11-21T04:40:00.000Z"},"memory":{"metric_name":"memory","current_value":null,)"
      R"("average_value":null,"std_deviation":null,"trend_direction":null,"trend_rate":null,"window":"24h",)"
      R"("is_anomalous":false,"anomaly_score":null,"timestamp":"2025-11-21T04:40:00.000Z"}})");
}

TEST_F(RealtimeApiTest, StatusBothWays) {
  Find(FindingSeverity::kHigh);
  const std::string posted = Post("status", kWeb);
  EXPECT_TRUE(posted.starts_with(
      R"({"workload_name":"web","namespace":"shop","cpu_status":{"metric_name":"cpu",)"));
  EXPECT_TRUE(posted.ends_with(std::string(R"("health_score":80,"active_alerts":[)") + kAlert +
                               R"(],"last_updated":"2025-11-21T04:40:00.000Z"})"))
      << posted;
  EXPECT_EQ(Get("/api/v1/realtime/workload/shop/web/app"), posted);
  EXPECT_EQ(Get("/api/v1/realtime/workload/shop/web/app?window=nonsense"), posted);
  EXPECT_NE(Get("/api/v1/realtime/workload/shop/web/app?window=1h").find(R"("window":"1h")"),
            std::string::npos);
  EXPECT_NE(Get("/api/v1/realtime/workload/shop/db/app")
                .find(R"("health_score":null,"active_alerts":[])"),
            std::string::npos);
}

TEST_F(RealtimeApiTest, Monitor) {
  EXPECT_EQ(
      Get("/api/v1/realtime/monitor/status"),
      R"({"is_running":false,"check_count":0,"last_check":null,"active_alerts_count":0,"active_alerts":[]})");
  Find(FindingSeverity::kHigh);
  Find(FindingSeverity::kLow);
  EXPECT_EQ(Get("/api/v1/realtime/alerts"), R"({"total_alerts":0,"alerts":[]})");
  EXPECT_EQ(
      Post("monitor/start", std::string(R"({"workloads":[)") + kWeb + R"(],"check_interval":10})"),
      R"({"status":"started","workloads_monitored":1,"check_interval":10,"is_running":true})");
  const std::string low = [] {
    std::string text = kAlert;
    return text.replace(text.find("high"), 4, "low");
  }();
  EXPECT_EQ(Get("/api/v1/realtime/monitor/status"),
            std::string(
                R"({"is_running":true,"check_count":1,"last_check":"2025-11-21T04:40:00.000Z",)") +
                R"("active_alerts_count":2,"active_alerts":[)" + kAlert + "," + low + "]}");
  EXPECT_EQ(Get("/api/v1/realtime/alerts?severity=low"),
            R"({"total_alerts":1,"alerts":[)" + low + "]}");
  EXPECT_EQ(Get("/api/v1/realtime/alerts?limit=1"),
            std::string(R"({"total_alerts":1,"alerts":[)") + kAlert + "]}");
  EXPECT_EQ(
      Post("monitor/start", std::string(R"({"workloads":[)") + kWeb + "]}"),
      R"({"status":"started","workloads_monitored":1,"check_interval":60,"is_running":true})");
  EXPECT_EQ(
      Post("monitor/stop", ""),
      R"({"status":"stopped","is_running":false,"total_checks":2,"last_check":"2025-11-21T04:40:00.000Z"})");
}

TEST_F(RealtimeApiTest, Validation) {
  const struct {
    const char* path;
    const char* body;
    const char* details;
  } kCases[] = {
      {"metrics", "{}",
       R"([{"type":"missing","loc":["namespace"],"msg":"the field is required"},)"
       R"({"type":"missing","loc":["workload_name"],"msg":"the field is required"},)"
       R"({"type":"missing","loc":["container_name"],"msg":"the field is required"}])"},
      {"status", R"({"namespace":"","workload_name":7,"container_name":"c"})",
       R"([{"type":"string_too_short","loc":["namespace"],"msg":"the field must not be empty"},)"
       R"({"type":"string_type","loc":["workload_name"],"msg":"the field must be a text"}])"},
      {"trends", R"({"namespace":"a","workload_name":"b","container_name":"c","window":"2h"})",
       R"([{"type":"enum","loc":["window"],"msg":"the window must be 5m, 15m, 30m, 1h, 6h, 12h or 24h"}])"},
      {"monitor/start",
       R"({"workloads":[{"namespace":"a","workload_name":"b"}],"check_interval":9})",
       R"([{"type":"missing","loc":["workloads","0","container_name"],"msg":"the field is required"},)"
       R"({"type":"greater_than_equal","loc":["check_interval"],"msg":"at least 10"}])"},
      {"monitor/start", R"({"workloads":7,"check_interval":3601})",
       R"([{"type":"list_type","loc":["workloads"],"msg":"the field must be a list"},)"
       R"({"type":"less_than_equal","loc":["check_interval"],"msg":"at most 3600"}])"},
      {"monitor/start", R"({"check_interval":"60","workloads":["a"]})",
       R"([{"type":"model_type","loc":["workloads","0"],"msg":"the item must be an object"},)"
       R"({"type":"int_type","loc":["check_interval"],"msg":"the field must be a whole number of seconds"}])"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(
        Post(c.path, c.body, 400),
        std::string(R"({"code":"VALIDATION_ERROR","message":"invalid request body","details":)") +
            c.details + R"(,"trace_id":null})")
        << c.body;
  }
  EXPECT_NE(Post("metrics", "[1]", 400).find("the body must be a JSON object"), std::string::npos);
  EXPECT_NE(Post("metrics", "{", 400).find("json_invalid"), std::string::npos);
  EXPECT_NE(Post("metrics", std::string(2 << 20, ' '), 413).find("VALIDATION_ERROR"),
            std::string::npos);
  EXPECT_NE(Get("/api/v1/realtime/alerts?severity=worst", 400).find("VALIDATION_ERROR"),
            std::string::npos);
  EXPECT_NE(Get("/api/v1/realtime/alerts?limit=many", 400).find("int_parsing"), std::string::npos);
  EXPECT_FALSE(monitor_.status().running);
}

TEST_F(RealtimeApiTest, OwnView) {
  Find(FindingSeverity::kHigh);
  const std::string web =
      R"({"namespace":"shop","workload":"web","workload_kind":"StatefulSet","pods":1,"health_score":80,"findings":[)"
      R"({"container":"app","type":"memory_leak","resource":"memory","severity":"high","score":2.5,)"
      R"("confidence":0.875,"value":500,"threshold":1000,"description":"memory grows","recommendation":"Look for )"
      R"(memory that is kept: compare heap profiles taken some time apart, and check caches and queues for bounds. A )"
      R"(raised limit or a restart only buys time.","started_at":"2025-11-21T04:39:00.000Z"}]})";
  const std::string summary =
      R"({"total_findings":1,"findings_by_severity":{"critical":0,"high":1,"medium":0,"low":0},)"
      R"("findings_by_type":{"memory_leak":1},"average_health_score":80,"workloads":[)";
  EXPECT_EQ(
      Get("/outrider/v1/workloads"),
      summary +
          R"({"namespace":"","workload":"node1:9100","workload_kind":"Host","pods":1,"health_score":null,)"
          R"("findings":[]},)" +
          web + "]}");
  for (const char* target :
       {"/outrider/v1/workloads/shop/web", "/outrider/v1/workloads?namespace=shop",
        "/outrider/v1/workloads?severity=high"}) {
    EXPECT_EQ(Get(target), summary + web + "]}") << target;
  }
  EXPECT_NE(Get("/outrider/v1/workloads/-/node1:9100").find("node1"), std::string::npos);
  EXPECT_NE(Get("/outrider/v1/workloads?severity=low")
                .find(R"("average_health_score":null,"workloads":[])"),
            std::string::npos);
  EXPECT_EQ(Get("/outrider/v1/workloads/shop/none", 404),
            R"({"error":"no workload \"none\" in namespace \"shop\""})");
  EXPECT_EQ(Get("/outrider/v1/workloads?severity=x", 400),
            R"({"error":"severity \"x\": want critical, high, medium or low"})");
}

// contract.md "Who may call".
TEST(RealtimeAccess, StartAndStopAreWrites) {
  for (const auto& [path, access] :
       {std::pair("/api/v1/realtime/monitor/start", Access::kNeedsUser),
        std::pair("/api/v1/realtime/monitor/stop", Access::kNeedsUser),
        std::pair("/api/v1/realtime/status", Access::kAllowed)}) {
    FakeRequest request("POST", path);
    request.remote_address = "192.0.2.7";
    EXPECT_EQ(JudgeAccess(request, {}), access) << path;
    EXPECT_EQ(JudgeAccess(request, {.allow_anonymous = true, .external_url = ""}),
              Access::kAllowed);
    request.remote_address = "127.0.0.1";
    EXPECT_EQ(JudgeAccess(request, {}), Access::kAllowed);
  }
}

}  // namespace
}  // namespace outrider
