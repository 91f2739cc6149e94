// SPDX-License-Identifier: Apache-2.0
// A whole daemon's services with its routes and its guard, over a store that outlives it.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "exporter/access/password.h"
#include "exporter/daemon/routes.h"
#include "exporter/daemon/services.h"
#include "exporter/metrics/metrics_page.h"
#include "storage/base/file.h"
#include "storage/base/json.h"
#include "storage/base/text.h"
#include "storage/state/memory_store.h"
#include "tests/exporter/http/fake_request.h"
#include "tests/support/fake_clock.h"

namespace outrider {

inline constexpr Nanos kT0 = 1'790'000'000LL * kNanosPerSecond;  // 2026-09-21

// The rows outlive a daemon.
class SharedStore final : public StateStore {
 public:
  SharedStore(MemoryStore& memory, const bool& broken) : memory_(memory), broken_(broken) {}
  StatusOr<std::optional<Row>> Get(Family family, std::string_view key) const override {
    return memory_.Get(family, key);
  }
  Status Scan(Family family, std::string_view prefix, std::string_view from,
              const std::function<bool(const Row&)>& visit) const override {
    return memory_.Scan(family, prefix, from, visit);
  }
  Status Commit(const Batch& batch, Durability durability) override {
    if (broken_) return absl::UnavailableError("I/O error");
    return memory_.Commit(batch, durability);
  }
  StoreStats Stats() const override { return memory_.Stats(); }

 private:
  MemoryStore& memory_;
  const bool& broken_;
};

class DaemonAccessTest : public ::testing::Test {
 protected:
  DaemonAccessTest() {
    std::filesystem::remove_all(top_);
    std::filesystem::create_directories(top_);
    Write("outrider.yml", "incidents: {config_file: incidents.yml}\n");
    Write("incidents.yml", R"(
users: [{name: anna, slack_configs: [{api_url: "http://slack.example/hidden"}]}]
schedules: [{name: primary, layers: [{users: [anna], start: 2026-01-05T09:00}]}]
)");
  }
  void Write(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(WriteFileAtomically((top_ / name).string(), text).ok());
  }
  // Users whose password is `test`.
  void WriteUsers() {
    const std::string hash = HashPassword("test", 4, random_).value();
    std::string text = "outrider_users:\n";
    for (const char* role : {"viewer", "operator", "admin"}) {
      text += fmt::format("- {{name: {0}, password_hash: {1}, role: {0}}}\n", role, hash);
    }
    Write("web.yml", text);
  }
  void Start(bool users) {
    services_.reset();
    router_ = std::make_unique<Router>();
    AppOptions options;
    options.config_file = (top_ / "outrider.yml").string();
    options.storage_path = (top_ / "data").string();
    if (users) options.web_config_file = (top_ / "web.yml").string();
    LoadedFiles files = LoadFiles(options.config_file).value();
    services_ = Services::Make(files, options, "http://x.example", clock_, random_,
                               std::make_unique<SharedStore>(store_, broken_))
                    .value();
    ASSERT_TRUE(services_->Load(std::move(files), {}).ok());
    services_->ready = true;
    RegisterRoutes(*router_, *services_, metrics_, options, kT0);
  }
  HttpResponse Send(const std::string& method, const std::string& path,
                    const std::string& user = "", const std::string& body = "",
                    const std::string& if_match = "") {
    FakeRequest request(method, path, body);
    if (!user.empty()) request.With("Authorization", "Basic " + Base64Encode(user + ":test"));
    if (!if_match.empty()) request.With("If-Match", if_match);
    if (!body.empty()) request.With("Content-Type", "application/json");
    return router_->Dispatch(request);
  }
  JsonValue Json(const std::string& path, const std::string& user = "admin") {
    return ParseJson(WholeBody(Send("GET", path, user))).value_or(JsonValue());
  }
  size_t AuditOf(const std::string& subject, const std::string& who,
                 AuditKind kind = AuditKind::kConfigured) const {
    size_t found = 0;
    for (int bucket = 0; bucket < 256; ++bucket) {
      const auto events = services_->desk->AuditEvents(static_cast<uint8_t>(bucket));
      for (const AuditEvent& event : *events) {
        found += event.subject == subject && event.who == who && event.kind == kind;
      }
    }
    return found;
  }

  const std::filesystem::path top_ =
      std::filesystem::path(::testing::TempDir()) /
      (std::string("daemon_access_") +
       ::testing::UnitTest::GetInstance()->current_test_info()->name());
  FakeClock clock_{kT0};
  SeededRandom random_{1};
  MemoryStore store_;
  bool broken_ = false;  // the store refuses to write
  MetricsPage metrics_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<Router> router_;
};

}  // namespace outrider
