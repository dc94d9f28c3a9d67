/* Plays a tone through JACK that a datagram switches: "1" on, "0" off, "q" ends. Prints its port of the loopback.

   The least that a program of this machine needs from a datagram to a sound, for benchmarks/note_latency.py. */

#include <arpa/inet.h>
#include <jack/jack.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>

static const double TURN = 6.283185307179586;
static atomic_int is_on;
static jack_port_t *port;
static double phase;
static double step;

static int process(jack_nframes_t frames, void *unused)
{
    float *out = jack_port_get_buffer(port, frames);
    int on = atomic_load(&is_on);
    (void)unused;
    for (jack_nframes_t n = 0; n < frames; n++) {
        out[n] = on ? (float)(0.5 * cos(phase)) : 0.0f;
        phase = on ? fmod(phase + step, TURN) : 0.0; /* the first sample of a tone is its loudest */
    }
    return 0;
}

int main(void)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof place;
    char word;
    int inbox = socket(AF_INET, SOCK_DGRAM, 0);
    jack_client_t *client = jack_client_open("tone", JackNoStartServer, NULL);
    if (client == NULL || bind(inbox, (struct sockaddr *)&place, size) != 0)
        return 1;
    getsockname(inbox, (struct sockaddr *)&place, &size);
    step = TURN * 440.0 / jack_get_sample_rate(client);
    port = jack_port_register(client, "out", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
    jack_set_process_callback(client, process, NULL);
    if (port == NULL || jack_activate(client) != 0)
        return 1;
    printf("%d\n", ntohs(place.sin_port));
    fflush(stdout);
    while (recv(inbox, &word, 1, 0) == 1 && word != 'q')
        atomic_store(&is_on, word == '1');
    jack_client_close(client);
    return 0;
}
