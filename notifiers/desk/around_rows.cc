// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/around_rows.h"

#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr uint8_t kHeartbeatFormat = 2;  // 2: patience, failures to error

}  // namespace

std::string KindKey(std::string_view kind, std::string_view name) {
  std::string key(kind);
  key.push_back('\0');
  return key += name;
}

std::string EncodeHeartbeat(const HeartbeatState& state) {
  return RowWriter(kHeartbeatFormat)
      .I64(state.last_beat)
      .I64(state.since)
      .I64(state.missing_since)
      .U64(state.alert)
      .I64(state.patience)
      .U64(state.failures)
      .U64(state.successes)
      .I64(state.first_failure_at)
      .I64(state.failing_since)
      .U64(state.failing_alert)
      .Text(state.error)
      .Take();
}

StatusOr<HeartbeatState> DecodeHeartbeat(std::string_view bytes) {
  RowReader in(bytes, kHeartbeatFormat, "heartbeat");
  HeartbeatState state;
  state.last_beat = in.I64();
  state.since = in.I64();
  state.missing_since = in.I64();
  state.alert = in.U64();
  if (in.format() >= 2) {
    state.patience = in.I64();
    state.failures = in.U64();
    state.successes = in.U64();
    state.first_failure_at = in.I64();
    state.failing_since = in.I64();
    state.failing_alert = in.U64();
    state.error = in.Text();
  }
  TRY(in.Finish());
  return state;
}

std::string EncodeMaintenance(const MaintenanceWindow& window) {
  return RowWriter(1).Text(window.text).Text(window.made_by).Take();
}

StatusOr<MaintenanceWindow> DecodeMaintenance(std::string_view bytes) {
  RowReader in(bytes, 1, "maintenance window");
  const std::string text = in.Text();
  std::string made_by = in.Text();
  TRY(in.Finish());
  StatusOr<MaintenanceWindow> window = ParseMaintenanceText(text, std::move(made_by));
  // What was accepted once and is not now, such as a zone that was removed.
  if (!window.ok()) return absl::DataLossError(Message(window.status()));
  return window;
}

}  // namespace outrider
