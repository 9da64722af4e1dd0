/* [run], [train], [method] and the list of all sections; bnn_config_read over it. */
#include "method/catalogue.h"
#include "data/data.h"
#include "estimator/estimator.h"
#include "method/fit.h"
#include "predict/predict.h"

#include <string.h>

static const char *check_name(const char *value) {
    return strchr(value, '/') != NULL || value[0] == '.' ? "a plain name: no slash, no dot in front (run.out and -o choose the folder)" : NULL;
}

const bnn_option bnn_run_rows[] = {
    BNN_OPTION_TEXT_ROW(bnn_run_options, name, "", check_name, "name of the run folder; empty: the configuration file's stem"),
    BNN_OPTION_INT_ROW(bnn_run_options, seed, "1", 0, 9007199254740991, "", "seed of everything random: equal seeds give equal runs"),
    BNN_OPTION_INT_ROW(bnn_run_options, threads, "0", 0, 256, "", "threads; 0: all; results do not depend on it"),
    BNN_OPTION_NUMBER_ROW(bnn_run_options, max_memory, "0", 0, 1e9, "MB", "refuse work that would need more memory; 0: 80 % of what is free"),
    BNN_OPTION_TEXT_ROW(bnn_run_options, out, "runs", NULL, "folder that holds run folders, relative to the current folder"),
    {0}
};

const bnn_option bnn_train_rows[] = {
    BNN_OPTION_INT_ROW(bnn_train_options, epochs, "100", 1, 1000000000, "epochs", "passes over the training rows"),
    BNN_OPTION_INT_WORD_ROW(bnn_train_options, batch, "32", 1, 1000000000, "full", "rows",
                            "at most this many rows a step (batches of an epoch are evened out), or full: all of them"),
    BNN_OPTION_NUMBER_ROW(bnn_train_options, clip_norm, "0", 0, 1e12, "", "longest gradient of the objective divided by the number of "
                          "rows; longer ones are shortened; 0: no limit"),
    BNN_OPTION_INT_ROW(bnn_train_options, patience, "0", 0, 1000000000, "epochs", "early stopping: end when the validation loss has not "
                       "fallen for this many epochs, and keep the best weights; 0: never"),
    BNN_OPTION_BOOL_ROW(bnn_train_options, rollback, "no", "after a loss or gradient that is not finite: back to the last epoch's end with half "
                        "the learning rate, at most 3 times, instead of ending the run"),
    BNN_OPTION_NUMBER_ROW(bnn_train_options, input_noise_sd, "0", 0, 1e6, "", "sd of Gaussian noise added to the scaled inputs in training"),
    BNN_OPTION_NUMBER_ROW(bnn_train_options, shift, "0", 0, 1000, "pixels", "image augmentation: shift each training image at random by at "
                          "most this much, down and across"),
    BNN_OPTION_NUMBER_ROW(bnn_train_options, rotation, "0", 0, 180, "degrees", "image augmentation: rotate each training image at random by at "
                          "most this much either way"),
    BNN_OPTION_NUMBER_ROW(bnn_train_options, checkpoint_minutes, "10", 0, 1e6, "minutes", "how often a checkpoint is kept, from which "
                          "bnn train --resume goes on; 0: only when the run is told to stop"),
    BNN_OPTION_NUMBER_ROW(bnn_train_options, time_limit, "0", 0, 1e6, "minutes", "stop with a checkpoint after this time; 0: no limit"),
    {0}
};

const bnn_variant *const bnn_methods[] = {
    &bnn_bbb_method.head, &bnn_map_method.head, &bnn_mc_dropout_method.head, &bnn_ensemble_method.head,
    &bnn_laplace_method.head, NULL };

static const bnn_axis method_axes[] = {
    { .key = "name", .variants = bnn_methods, .help = "how the posterior is found", .topic = "method" },
    { .key = "estimator", .variants = bnn_estimators, .help = "how gradients of the expected likelihood are estimated",
      .topic = "estimator", .of = "bbb" },
    {0}
};

const bnn_section bnn_catalogue[] = {
    { "run", "name, seed and place of a run", bnn_run_rows, NULL },
    { "data", "the files to learn from, their columns, how rows are split and numbers scaled", bnn_data_rows, NULL },
    { "net", "the network: layers, activation, initial weights", bnn_net_rows, bnn_net_axes },
    { "likelihood", "how a target depends on the outputs of the net", NULL, bnn_likelihood_axes },
    { "prior", "what is believed of the weights before data; for map: the regulariser", bnn_prior_rows, bnn_prior_axes },
    { "method", "how the posterior is found", NULL, method_axes },
    { "optimizer", "how parameters move along the gradient", bnn_optimizer_rows, bnn_optimizer_axes },
    { "train", "length and batches of the training", bnn_train_rows, NULL },
    { "predict", "how predictions are averaged and summarised", bnn_predict_rows, NULL },
    {0}
};

bnn_status bnn_config_read(bnn_config **config, const char *path, size_t n_sets, const char *const *sets) {
    return bnn_config_read_catalogue(config, bnn_catalogue, path, n_sets, sets);
}
