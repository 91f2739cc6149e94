// SPDX-License-Identifier: Apache-2.0
// The process: wires all rooms together, starts, reloads and stops them. Tests and the demo start
// one in-process.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/base/status.h"

namespace outrider {

// Alertmanager's flags that stand above the configuration; none: the configuration's.
struct AlertmanagerFlags {
  std::optional<DurationMs> retention;    // data.retention
  std::optional<DurationMs> start_delay;  // dispatch.start-delay
  std::optional<size_t> alerts_per_name;  // alerts.per-alertname-limit
  std::optional<size_t> max_silences;     // silences.max-silences
  std::optional<size_t> max_silence_bytes;
};

struct AppOptions {
  std::string config_file;            // "" for the defaults
  std::string storage_path = "data";  // created when missing
  std::vector<std::string> listen_addresses = {":9909"};
  std::string web_config_file;  // users and limits; "" : none
  std::string external_url;     // "": external_url.h
  std::string route_prefix;
  bool allow_anonymous = false;
  bool shadow = false;                // decides and records notifications, sends none
  std::vector<std::string> features;  // beside those of the configuration
  int get_concurrency = 0;            // GETs of /api/v2 at a time; 0: no limit
  AlertmanagerFlags alertmanager;
};

// Thread-safe.
class App {
 public:
  // Reads all files first, so that a mistake in one changes nothing; then opens the state, listens
  // (remote write is acked from here on), loads and replays what was kept, and starts the rules.
  // Returns when it is ready. `clock` and `random` outlive the app.
  static StatusOr<std::unique_ptr<App>> Start(const AppOptions& options, const Clock& clock,
                                              Random& random);
  ~App();

  // All or nothing: on an error the old configuration stays in force. Storage and listener settings
  // need a restart.
  Status Reload();
  // Finishes running requests and messages, syncs the log, closes the store. Safe to call twice.
  void Stop();
  int Port() const;  // of the first listen address

 private:
  struct Impl;
  explicit App(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrider
