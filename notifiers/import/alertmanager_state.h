// SPDX-License-Identifier: Apache-2.0
// The two files a running Alertmanager keeps below its storage.path: `silences` and `nflog`. Each
// is a row of protobuf messages with their lengths before them (varint): MeshSilence, MeshEntry.
// Source: specs/alertmanager.md §2 "Nflog". Nothing in the bytes is trusted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/mute/silence.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

// One message of the notification log: what a receiver was told of a group last.
struct ImportedLogEntry {
  std::string group_key;    // `{}/{severity="critical"}:{alertname="X"}`
  std::string receiver;     // its name in the configuration
  std::string integration;  // "webhook", "email" …
  uint32_t index = 0;       // within its list
  Nanos told_at = 0;
  Nanos expires_at = 0;
  std::vector<uint64_t> firing;  // XXH64 over the labels' bytes (Labels::Fingerprint is FNV-1a)
  std::vector<uint64_t> resolved;
};

struct ImportedState {
  std::vector<Silence> silences;
  std::vector<ImportedLogEntry> log;
  std::vector<std::string> skipped;  // what could not be taken, one sentence each
};

// Adds the content of a file to `*state`. DataLoss when it is cut or is no such file: then nothing
// of it has been added. A single message that makes no sense (no id, a regular expression that does
// not compile, several sets of matchers) is skipped.
Status ReadSilencesFile(std::string_view bytes, ImportedState* state);
Status ReadLogFile(std::string_view bytes, ImportedState* state);

}  // namespace outrider
