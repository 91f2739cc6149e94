// SPDX-License-Identifier: Apache-2.0
// A load of remote write 1.0 or 2.0 for measurements of a server: `steps` scrapes of `series`
// series, or with --churn of series none of which was there before, `batch` samples a request, over
// `conns` keep-alive connections. Requests are built before they are sent, as many steps at a time
// as --round-mb holds, and that is no part of the wall time. Alone: g++ -O2 -std=c++20 -Wall
// -Wextra -Wpedantic -Wconversion rwgen.cc -lsnappy -lpthread -o rwgen
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rwgen_batch.h"
#include "rwgen_sender.h"

namespace rwgen {
namespace {

// The server, as the kernel sees it.
struct Usage {
  double cpu_seconds = 0;
  double rss_mb = 0;
};

Usage UsageOf(int pid) {
  Usage usage;
  if (pid == 0) return usage;
  const std::string directory = "/proc/" + std::to_string(pid);
  std::string line;
  std::getline(std::ifstream(directory + "/stat"), line);
  if (line.empty()) return usage;
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  usage.cpu_seconds = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::ifstream status(directory + "/status");
  while (std::getline(status, line)) {
    if (line.starts_with("VmRSS:")) usage.rss_mb = std::strtod(line.c_str() + 6, nullptr) / 1024;
  }
  return usage;
}

void InThreads(std::vector<Sender>* senders, const std::function<void(Sender*, size_t)>& work) {
  std::vector<std::thread> threads;
  for (size_t c = 0; c < senders->size(); ++c) threads.emplace_back(work, &(*senders)[c], c);
  for (std::thread& thread : threads) thread.join();
}

template <typename T>
void Read(const std::string& text, T* to) {
  std::istringstream in(text);
  if (!(in >> *to) || !in.eof()) {
    std::fprintf(stderr, "not a value: %s\n", text.c_str());
    std::exit(2);
  }
}

Options Parse(const std::vector<std::string>& arguments) {
  Options o;
  const auto into = [](auto* to) { return [to](const std::string& text) { Read(text, to); }; };
  const std::map<std::string, std::function<void(const std::string&)>> known = {
      {"--path", into(&o.path)},
      {"--port", into(&o.port)},
      {"--pid", into(&o.pid)},
      {"--series", into(&o.series)},
      {"--steps", into(&o.steps)},
      {"--batch", into(&o.batch)},
      {"--conns", into(&o.conns)},
      {"--round-mb", into(&o.round_mb)},
      {"--interval-ms", into(&o.interval_ms)},
      {"--start-ms", into(&o.start_ms)},
      {"--sleep-ms", into(&o.sleep_ms)},
      {"--pace-ms", into(&o.pace_ms)},
      {"--seed", into(&o.seed)},
      {"--names", into(&o.names)},
  };
  for (size_t i = 0; i < arguments.size(); ++i) {
    const auto option = known.find(arguments[i]);
    if (arguments[i] == "--v2")
      o.v2 = true;
    else if (arguments[i] == "--churn")
      o.churn = true;
    else if (option != known.end() && i + 1 < arguments.size())
      option->second(arguments[++i]);
    else {
      std::fprintf(stderr, "unknown, or without its value: %s\noptions:", arguments[i].c_str());
      for (const auto& [name, read] : known) std::fprintf(stderr, " %s N", name.c_str());
      std::fprintf(stderr, " --v2 --churn\n");
      std::exit(2);
    }
  }
  if (o.batch == 0 || o.conns == 0 || o.series == 0) Read("", &o.batch);
  if (o.names == 0 || o.names > kMetrics.size()) Read("", &o.names);
  if (o.start_ms == 0) {
    const int64_t now = std::chrono::duration_cast<std::chrono::milliseconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count();
    o.start_ms = now - static_cast<int64_t>(o.steps) * o.interval_ms;
    o.start_ms -= o.start_ms % o.interval_ms;
  }
  return o;
}

void Report(const Options& o, const std::vector<Sender>& senders, double wall, const Usage& before,
            const Usage& after) {
  uint64_t samples = 0;
  uint64_t refused = 0;
  uint64_t raw = 0;
  uint64_t wire = 0;
  double build_cpu = 0;
  std::vector<double> ms;
  for (const Sender& sender : senders) {
    samples += sender.samples;
    refused += sender.refused;
    raw += sender.raw;
    wire += sender.wire;
    build_cpu += sender.build_cpu;
    ms.insert(ms.end(), sender.latencies.begin(), sender.latencies.end());
  }
  std::sort(ms.begin(), ms.end());
  const auto quantile = [&](double q) {
    const auto at = static_cast<size_t>(q * static_cast<double>(ms.size()));
    return ms.empty() ? 0 : ms[std::min(ms.size() - 1, at)];
  };
  const double cpu = after.cpu_seconds - before.cpu_seconds;
  const auto count = static_cast<double>(samples);
  const auto series = static_cast<double>(o.series * (o.churn ? o.steps : 1));
  std::printf(
      "samples=%.0f refused_requests=%.0f wall_s=%.2f samples/s=%.0f server_cpu_s=%.2f "
      "samples/cpu_s=%.0f rss_mb=%.1f rss_bytes/series=%.0f wire_MB=%.1f raw_MB=%.1f "
      "gen_cpu_s=%.2f req_ms p50=%.2f p99=%.2f max=%.2f\n",
      count, static_cast<double>(refused), wall, count / wall, cpu, cpu > 0 ? count / cpu : 0,
      after.rss_mb, after.rss_mb * 1048576 / series, static_cast<double>(wire) / 1e6,
      static_cast<double>(raw) / 1e6, build_cpu, quantile(.5), quantile(.99),
      ms.empty() ? 0 : ms.back());
}

}  // namespace
}  // namespace rwgen

int main(int argc, char** argv) {
  using namespace rwgen;
  const Options options = Parse({argv + 1, argv + argc});
  std::vector<Sender> senders(options.conns, Sender(options));
  for (size_t first = 0, b = 0; first < options.series; first += options.batch, ++b) {
    const size_t count = std::min(options.batch, options.series - first);
    const auto seed = options.seed * 7919 + static_cast<unsigned>(b);
    senders[b % options.conns].Own(Batch(options, first, count, seed), first);
  }
  const Usage before = UsageOf(options.pid);
  double wall = 0;
  for (size_t step = 0; step < options.steps;) {
    const size_t limit = options.round_mb * 1000000 / options.conns;
    size_t built = step;
    do {
      InThreads(&senders, [built](Sender* sender, size_t) { sender->Build(built); });
    } while (++built < options.steps &&
             senders[0].queued() / (built - step) * (built - step + 1) < limit);
    step = built;
    const Clock::time_point begin = Clock::now();
    InThreads(&senders, [&](Sender* sender, size_t c) {
      sender->Send(begin, static_cast<double>(c) / static_cast<double>(options.conns));
    });
    wall += std::chrono::duration<double>(Clock::now() - begin).count();
  }
  Report(options, senders, wall, before, UsageOf(options.pid));
}
