// SPDX-License-Identifier: Apache-2.0
// outrider audit export and outrider state verify: the audit trail taken away, and checked.
#include <fmt/format.h>

#include <filesystem>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "notifiers/incident/audit_trail.h"
#include "storage/state/rocksdb_store.h"

namespace outrider {
namespace {

StatusOr<uint64_t> VerifyStore(const std::string& storage_path) {
  const std::string path = storage_path + "/state";
  // Opening would make an empty one.
  if (!std::filesystem::exists(path)) return NotFound(path + " does not exist");
  const std::unique_ptr<StateStore> store = TRY(OpenRocksDbStore(path));
  uint64_t events = 0;
  for (int bucket = 0; bucket < kAuditBuckets; ++bucket) {
    events += TRY(VerifyAuditBucket(*store, static_cast<uint8_t>(bucket)));
  }
  return events;
}

StatusOr<uint64_t> VerifyServer(const ClientOptions& client) {
  const JsonValue answer = TRY(CallApi(client.url + "/outrider/v1/state/verify", "POST", ""));
  const std::string error = answer.GetString("error");
  if (!error.empty()) return absl::DataLossError(error);
  return static_cast<uint64_t>(answer.GetInt("events"));
}

}  // namespace

int RunStateVerify(const ClientOptions& client, const std::string& storage_path) {
  const StatusOr<uint64_t> events =
      storage_path.empty() ? VerifyServer(client) : VerifyStore(storage_path);
  if (!events.ok()) return Fail(events.status());
  fmt::print("The audit trail is intact: {} events.\n", *events);
  return 0;
}

int RunAuditExport(const ClientOptions& client, const AuditOptions& options) {
  FormFields fields;
  for (const auto& [name, value] : {std::pair("from", options.from), std::pair("to", options.to),
                                    std::pair("subject", options.subject),
                                    std::pair("kind", options.kind), std::pair("by", options.by)}) {
    if (!value.empty()) fields.emplace_back(name, value);
  }
  std::string url = client.url + "/outrider/v1/audit";
  if (!fields.empty()) url += "?" + EncodeForm(fields);
  const StatusOr<std::string> lines = CallServer(url, "GET", "");
  if (!lines.ok()) return Fail(lines.status());
  fmt::print("{}", *lines);
  return 0;
}

}  // namespace outrider
