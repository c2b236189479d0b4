/** Temporal's Web UI in a real browser, as somebody on call uses it. */
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

/** For an account that may have no sandbox, and a machine whose way to other hosts may be closed. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Wide enough for the tabs of a workflow's page to stand in one line. */
const VIEWPORT = { width: 1440, height: 800 };
/** The page takes moments to fetch and draw; a busy machine takes longer. */
const PATIENCE_MS = 60_000;
/** By which the page learns the current details. */
const METADATA_QUERY = '__temporal_workflow_metadata';

/** The columns of the list by which campaigns are told apart; anybody may choose them below the list. */
const COLUMNS = ['Status', 'CampaignName', 'CampaignStatus', 'WaitingFor', 'AgentId', 'Start', 'Workflow ID'];

export class WebUi {
  private constructor(
    readonly page: Page,
    private readonly browser: Browser,
    private readonly namespaceUrl: string,
    private readonly pictures: string | null,
  ) {}

  /** @param pictures folder for pictures of what was seen; none are taken without. */
  static async open(options: { executable: string; url: string; pictures: string | null }): Promise<WebUi> {
    const browser = await chromium.launch({ executablePath: options.executable, args: ARGS });
    const page = await browser.newPage({ viewport: VIEWPORT, locale: 'en-US', timezoneId: 'UTC' });
    page.setDefaultTimeout(PATIENCE_MS);
    return new WebUi(page, browser, `${options.url}/namespaces/default`, options.pictures);
  }

  async openCampaign(workflowId: string): Promise<void> {
    await this.page.goto(`${this.namespaceUrl}/workflows/${workflowId}`);
    await this.openTab('User Metadata');
  }

  async openTab(name: string): Promise<void> {
    await this.page.getByRole('link', { name }).or(this.page.getByRole('tab', { name })).first().click();
  }

  /** What is shown of the campaign, after a look for what is new: the page does that only when it is asked. */
  async currentDetails(): Promise<string> {
    const looked = this.page.waitForResponse((response) => response.url().includes(METADATA_QUERY));
    await this.page.keyboard.press('r');
    await looked;
    return this.#inFrame('#user-metadata-current-details');
  }

  /** What the campaign may do, as it was told when it started. */
  details(): Promise<string> {
    return this.#inFrame('#user-metadata-details');
  }

  /** Markdown is in a separate frame. */
  #inFrame(id: string): Promise<string> {
    return this.page.frameLocator(id).locator('body').innerText();
  }

  /** Opens the timeline, newest first, and brings it to the top of the window. Only what is in the window is drawn. */
  async openTimeline(): Promise<void> {
    await this.openTab('Timeline');
    await this.page.getByRole('heading', { name: 'Timeline' }).evaluate((heading) => heading.scrollIntoView());
  }

  /** Sends a signal without input, by the dialog of the page. */
  async sendSignal(name: string, beforeChoosing: () => Promise<void> = async () => {}): Promise<void> {
    await this.page.getByRole('button', { name: 'More Actions' }).click();
    await this.page.getByRole('menuitem', { name: 'Send a Signal' }).click();
    const dialog = this.page.getByRole('dialog', { name: 'Send a Signal' });
    await dialog.getByTestId('signal-select-button').click();
    const choice = dialog.getByRole('option', { name: new RegExp(`^${name}`) });
    await choice.waitFor();
    await beforeChoosing();
    await choice.click();
    const sent = this.page.waitForResponse((response) => response.url().includes(`/signal/${name}`));
    await dialog.getByRole('button', { name: 'Submit' }).click();
    const answer = await sent;
    if (!answer.ok()) throw new Error(`The signal ${name} was refused: ${await answer.text()}`);
    // On a busy machine the dialog has been seen to stay although the signal was taken.
    await this.page.reload();
  }

  /** The list of workflows under a query, with columns that tell campaigns apart. */
  async openList(query: string): Promise<void> {
    const columns = JSON.stringify({ default: COLUMNS.map((label) => ({ label })) });
    await this.page.evaluate(`localStorage.setItem('namespace-workflow-table-columns', ${JSON.stringify(columns)})`);
    await this.page.goto(`${this.namespaceUrl}/workflows?query=${encodeURIComponent(query)}`);
  }

  async takePicture(name: string): Promise<void> {
    if (this.pictures === null) return;
    await this.page.screenshot({
      path: join(this.pictures, `${name}.png`),
      animations: 'disabled',
      // A key that was pressed leaves a frame around what it went to.
      style:
        ':focus-visible { outline: none !important; box-shadow: none !important; border-color: transparent !important; }',
    });
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}
