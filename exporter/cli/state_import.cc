// SPDX-License-Identifier: Apache-2.0
// outrider state import-alertmanager DIR: silences and notification log of a stopped Alertmanager
// into the state of a daemon that does not run.
#include <fmt/format.h>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "exporter/daemon/loader.h"
#include "exporter/daemon/notification_setup.h"
#include "notifiers/import/alertmanager_state.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/state/rocksdb_store.h"

namespace outrider {
namespace {

// Either file may be missing: an Alertmanager that never stopped nor ran for 15 minutes has none.
Status ReadDirectory(const std::string& directory, ImportedState* state) {
  constexpr std::pair<const char*, Status (*)(std::string_view, ImportedState*)> kFiles[] = {
      {"silences", ReadSilencesFile}, {"nflog", ReadLogFile}};
  int found = 0;
  for (const auto& [name, read] : kFiles) {
    const std::string path = directory + "/" + name;
    const StatusOr<std::string> bytes = ReadFile(path);
    if (absl::IsNotFound(bytes.status())) {
      LogWarn("there is no such file", {{"file", path}});
      continue;
    }
    TRY(bytes.status());
    if (const Status status = read(*bytes, state); !status.ok()) return Annotate(status, path);
    ++found;
  }
  if (found > 0) return absl::OkStatus();
  return NotFound(fmt::format(
      "{} holds neither silences nor nflog: it is not the storage.path of an Alertmanager, or it "
      "has not written them yet (it does when it stops)",
      directory));
}

StatusOr<ImportResult> Import(const ImportOptions& options, const Environment& env) {
  ImportedState state;
  TRY(ReadDirectory(options.directory, &state));
  const LoadedFiles files = TRY(LoadFiles(options.config_file, options.features));
  const std::unique_ptr<HttpClient> http = MakeCurlHttpClient();
  const std::unique_ptr<SmtpClient> smtp = MakeCurlSmtpClient();
  AlertmanagerFlags flags;
  DeskConfig config = TRY(MakeDeskConfig(files, {*http, *smtp, env.clock}, flags, ""));
  TRY(MakeDirectories(options.storage_path));
  const std::unique_ptr<StateStore> store =
      TRY(OpenRocksDbStore(options.storage_path + "/state"));
  const Nanos now = env.clock.NowNanos();
  const std::unique_ptr<Desk> desk =
      TRY(Desk::Load(*store, env.random, std::move(config), now));
  return desk->Import(state, now);
}

}  // namespace

int RunStateImport(const ImportOptions& options, const Environment& env) {
  SetUpLog(LogLevel::kWarn, LogFormat::kLogfmt);
  const StatusOr<ImportResult> result = Import(options, env);
  if (!result.ok()) return Fail(result.status());
  for (const std::string& sentence : result->skipped) {
    fmt::print(stderr, "not taken: {}\n", sentence);
  }
  fmt::print(
      "{} silences and {} entries of the notification log taken over; {} outdated, {} not taken\n",
      result->silences, result->entries, result->outdated, result->skipped.size());
  return 0;
}

}  // namespace outrider
