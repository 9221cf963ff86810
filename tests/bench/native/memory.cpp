// What hs_estimate says a sound will take, beside what it then takes. Linux
// alone.
//
// `hearsight-memory ONNXRUNTIME EXTENSIONS BUNDLE [SECONDS]`: makes a sound of
// a text with one thread, and prints in MB what was estimated; how much this
// process has grown when the sound is made, in memory of its own and in mapped
// files; and how much at most on the way.

#include <hearsight.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

namespace {

// A line of /proc/self/status, in MB.
double status(const std::string &name) {
  std::ifstream lines("/proc/self/status");
  for (std::string word; lines >> word;) {
    if (double kilobytes = 0; word == name + ":" && lines >> kilobytes) {
      return kilobytes / 1000;
    }
  }
  return 0;
}

void check(hs_status status) {
  if (status != HS_OK) {
    char words[2000];
    hs_engine_error(nullptr, words, sizeof words);
    std::fprintf(stderr, "%d: %s\n", status, words);
    std::exit(1);
  }
}

void print(const char *what, double megabytes) {
  std::printf("%-36s %8.1f\n", what, megabytes);
}

} // namespace

int main(int count, char **words) {
  if (count != 4 && count != 5) {
    std::fputs(
        "usage: hearsight-memory ONNXRUNTIME EXTENSIONS BUNDLE [SECONDS]\n",
        stderr);
    return 2;
  }
  hs_engine_options options{};
  options.struct_size = sizeof options;
  options.threads = 1;
  options.onnxruntime = words[1];
  options.extensions = words[2];
  hs_bundle_options which{};
  which.struct_size = sizeof which;
  which.folder = words[3];
  hs_prompt prompt{};
  prompt.struct_size = sizeof prompt;
  prompt.text = "heavy rain on a tin roof";
  hs_request request{};
  request.struct_size = sizeof request;
  request.prompts = &prompt;
  request.prompt_count = 1;
  request.seconds = count == 5 ? std::atof(words[4]) : 0;
  request.seed = 7;

  hs_engine *engine = nullptr;
  hs_bundle *bundle = nullptr;
  hs_job *job = nullptr;
  hs_take *take = nullptr;
  const double bare = status("VmRSS");
  check(hs_engine_create(&options, &engine));
  print("ONNX Runtime, opened", status("VmRSS") - bare);

  hs_memory memory{};
  memory.struct_size = sizeof memory;
  check(hs_estimate(engine, &which, &request, &memory));
  print("estimated: files", static_cast<double>(memory.files) / 1e6);
  print("estimated: weights", static_cast<double>(memory.weights) / 1e6);
  print("estimated: samples", static_cast<double>(memory.samples) / 1e6);

  const double own = status("RssAnon");
  const double mapped = status("RssFile");
  const double whole = status("VmRSS");
  check(hs_bundle_open(engine, &which, &bundle));
  check(hs_job_start(bundle, &request, nullptr, &job));
  check(hs_job_wait(job, HS_FOREVER));
  check(hs_job_result(job, 0, &take));
  print("grown by: memory of its own", status("RssAnon") - own);
  print("grown by: mapped files and libraries", status("RssFile") - mapped);
  print("grown by: at most, together", status("VmHWM") - whole);
  hs_take_free(take);
  hs_job_free(job);
  hs_bundle_close(bundle);
  print("kept once the bundle is closed", status("VmRSS") - whole);
  hs_engine_destroy(engine);
  return 0;
}
