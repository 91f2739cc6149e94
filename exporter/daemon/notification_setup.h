// SPDX-License-Identifier: Apache-2.0
// From files to what the desk works with: templates, receivers, the desk's configuration.
#pragma once

#include <string>

#include "exporter/daemon/app.h"
#include "exporter/daemon/loader.h"
#include "notifiers/channel/channel.h"
#include "notifiers/desk/desk.h"
#include "storage/base/status.h"

namespace outrider {

// What channels send through. All outlive every configuration.
struct Transports {
  HttpClient& http;
  SmtpClient& smtp;
  const Clock& clock;
};

// Parses the templates and builds every receiver; the receivers keep their templates alive.
StatusOr<DeskConfig> MakeDeskConfig(const LoadedFiles& files, const Transports& transports,
                                    const AlertmanagerFlags& flags,
                                    const std::string& external_url);

}  // namespace outrider
