/** The other side of `askingThread`: the worker thread answers each question, or says why it cannot. */
import { parentPort } from 'node:worker_threads';
import { messageOf } from '#domain/message-of.ts';
import type { Asked, Told } from './asking-thread.ts';

/** `id` names the question as long as the thread is there. */
export function answerQuestions<Question, Answer>(answer: (question: Question, id: number) => Answer): void {
  const tell = (told: Told<Answer>): void => { parentPort?.postMessage(told); };
  parentPort?.on('message', ({ id, question }: Asked<Question>) => {
    try {
      tell({ answer: answer(question, id) });
    } catch (error) {
      tell({ failure: messageOf(error) });
    }
  });
}
