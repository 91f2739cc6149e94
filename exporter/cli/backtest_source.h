// SPDX-License-Identifier: Apache-2.0
// Where a back-test's samples come from, and which: what its flags say.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "exporter/trial/file_history.h"
#include "exporter/trial/history_walk.h"
#include "notifiers/transport/http_client.h"

namespace outrider {

StatusOr<DurationMs> ParsePositive(const std::string& flag, const std::string& text);
StatusOr<std::vector<DropLabel>> ReadDropLabels(const std::vector<std::string>& texts);

// `covered`: what of the times is known without a flag.
StatusOr<std::unique_ptr<HistorySource>> OpenSource(const BacktestCommand& command,
                                                    const ClientOptions& client, HttpClient& http,
                                                    const Clock& clock, const std::stop_token& stop,
                                                    std::optional<FileHistory::Extent>* covered);

// What is to be gone through.
StatusOr<HistoryStretch> ReadTimes(const BacktestCommand& command,
                                   const std::optional<FileHistory::Extent>& covered,
                                   Timestamp now);

}  // namespace outrider
