/* Which of several predictions of the same rows is better, and is the difference more than noise?
 *
 * Row scores are compared pair by pair: what makes a row hard for all cancels, so the error of a difference is often far smaller than
 * that of either mean. It knows of the chance in rows only, not of that in training: another seed is another run. */
#ifndef BNN_PREDICT_COMPARE_H
#define BNN_PREDICT_COMPARE_H

#include "predict/row_score.h"

typedef struct bnn_place {
    size_t    run;             /* number of the prediction                                                     */
    bnn_score score;           /* its mean over rows (case weights of the first prediction)                    */
    bnn_score difference;      /* mean over rows of its score less the best one's, and the se of that mean     */
    double    z;               /* difference / its se; 0 or infinite where the difference is                    */
} bnn_place;

/* places [n], the best first; equals in the order given. The predictions fit together (bnn_compare_check). */
void bnn_compare(const bnn_row_score *score, size_t n, bnn_prediction *const *predictions, bnn_place *places);

/* Less than 2 standard errors away from the best: chance may have put it there. */
bool bnn_place_is_noise(const bnn_place *place);

/* BNN_ERR_DATA unless b is a prediction of the rows of a, judged by kind, classes, number, targets and weights. name_a and name_b stand in
 * the sentence. */
bnn_status bnn_compare_check(const bnn_prediction *a, const char *name_a, const bnn_prediction *b, const char *name_b);

#endif
