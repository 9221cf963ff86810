/* play BUNDLE TEXT SOUND.wav: a text becomes a sound. */
#include <hearsight.h>
#include <stdio.h>

static int save(const char* path, const hs_take_info* s) { /* 32-bit float WAV */
    const uint32_t frame = 4 * s->channels, bytes = (uint32_t)s->frames * frame;
    const uint32_t head[] = {0x46464952, 36 + bytes, 0x45564157, 0x20746d66, 16,
                             s->channels << 16 | 3, s->sample_rate, s->sample_rate * frame,
                             32 << 16 | frame, 0x61746164, bytes};
    FILE* file = fopen(path, "wb");
    const int all = file && fwrite(head, sizeof head, 1, file) && fwrite(s->samples, bytes, 1, file);
    return file && !fclose(file) && all ? HS_OK : HS_FILE;
}

int main(int argc, char** argv) {
    hs_bundle_options which = {.struct_size = sizeof which};
    hs_prompt prompt = {.struct_size = sizeof prompt};
    hs_request request = {.struct_size = sizeof request, .prompt_count = 1, .prompts = &prompt};
    hs_take_info sound = {.struct_size = sizeof sound};
    hs_engine* engine = NULL;
    hs_bundle* bundle = NULL;
    hs_job* job = NULL;
    hs_take* take = NULL;
    char why[1000];
    if (argc != 4) return fputs("play BUNDLE TEXT SOUND.wav\n", stderr), 2;
    which.folder = argv[1], prompt.text = argv[2];
    hs_status status = hs_engine_create(NULL, &engine); /* with the libraries beside libhearsight */
    if (!status) status = hs_bundle_open(engine, &which, &bundle);
    if (!status) status = hs_job_start(bundle, &request, NULL, &job);
    if (status) hs_engine_error(NULL, why, sizeof why), fprintf(stderr, "%s\n", why);
    while (job && (status = hs_job_wait(job, 250)) == HS_RUNNING) fputc('.', stderr);
    if (job && status) hs_job_error(job, why, sizeof why), fprintf(stderr, "%s\n", why);
    if (!status) status = hs_job_result(job, 0, &take);
    if (!status) status = hs_take_get_info(take, &sound);
    if (!status && (status = save(argv[3], &sound))) perror(argv[3]);
    hs_take_free(take), hs_job_free(job), hs_bundle_close(bundle), hs_engine_destroy(engine);
    return status;
}
